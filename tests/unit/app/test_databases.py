"""From settings to a database, and from its driver's complaints back to settings."""

import sys
from pathlib import Path

import pytest

from compozy.app.databases import MemoryDatabase, PostgresDatabase, SqliteDatabase, database_of
from compozy.config.documents import Document
from compozy.config.resolution import resolve_settings
from compozy.config.sections import Sections
from compozy.domain.errors import InvalidError


@pytest.fixture
def named():
    """Return a function from environment variables to the database that they name."""

    def named(**environ):
        document = Document(file="compozy.yaml", data={}, marks={})
        settings, problems = resolve_settings(document, Sections(), root=Path("/p"), environ=environ, flags={})
        assert problems == []
        return database_of(settings.database)

    return named


def test_sqlite_is_a_file_or_memory(named):
    assert named(COMPOZY_MODE="standalone") == SqliteDatabase(Path("/p/.compozy/compozy.db"))
    assert isinstance(named(COMPOZY_MODE="standalone", DB_PATH=":memory:"), MemoryDatabase)


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"DB_URL": "postgres://ada:hunter2@db/shop"}, "postgres://ada:********@db/shop"),
        ({"DB_HOST": "db"}, "postgresql://db/"),
        (
            {"DB_HOST": "db", "DB_PORT": "6543", "DB_USER": "ada", "DB_PASSWORD": "hunter2", "DB_NAME": "shop"},
            "postgresql://ada@db:6543/shop",
        ),
    ],
)
def test_an_address_shows_no_password(named, environ, address):
    database = named(DB_DRIVER="postgres", **environ)

    assert isinstance(database, PostgresDatabase)
    assert database.address == address
    assert "hunter2" not in repr(database)


async def test_every_setting_reaches_the_driver(named):
    from compozy.drivers.postgres import Connecting, SslMode  # noqa: PLC0415 - takes long to import

    database = named(
        DB_DRIVER="postgres",
        DB_HOST="db",
        DB_PORT="6543",
        DB_USER="ada",
        DB_PASSWORD="hunter2",  # noqa: S106 - an example
        DB_NAME="shop",
        DB_SSL_MODE="verify-full",
        DB_SSL_CA="ca.pem",
        DB_SSL_CERT="cert.pem",
        DB_SSL_KEY="key.pem",
        DB_POOL_SIZE="3",
        DB_CONNECT_TIMEOUT="2s",
        DB_STATEMENT_TIMEOUT="7s",
    )

    connecting = database._connecting(sys.modules["compozy.drivers.postgres"])
    assert isinstance(connecting, Connecting)
    assert (connecting.host, connecting.port, connecting.user) == ("db", 6543, "ada")
    assert (connecting.password, connecting.database) == ("hunter2", "shop")
    assert connecting.ssl is SslMode.VERIFY_FULL
    assert [connecting.ssl_ca, connecting.ssl_cert, connecting.ssl_key] == [
        Path(f"/p/{name}.pem") for name in ("ca", "cert", "key")
    ]
    assert connecting.pool_max == 3
    assert connecting.connect_timeout.total_seconds() == 2
    assert connecting.statement_timeout.total_seconds() == 7
    assert connecting.command_timeout > connecting.statement_timeout


@pytest.mark.parametrize(
    ("environ", "keys"),
    [
        ({}, ["database.url"]),
        ({"DB_HOST": "db", "DB_SSL_MODE": "disable", "DB_SSL_CA": "ca.pem"}, ["database.ssl_ca"]),
        ({"DB_HOST": "db", "DB_STATEMENT_TIMEOUT": "100d"}, ["database.statement_timeout"] * 2),
        ({"DB_URL": "postgres://ada:hunter2@db:x/shop"}, ["database.url"]),
    ],
)
async def test_what_the_driver_refuses_is_told_by_the_name_of_the_setting(named, environ, keys):
    database = named(DB_DRIVER="postgres", **environ)

    with pytest.raises(InvalidError) as caught:
        async with database.open(auto_migrate=False):
            raise AssertionError

    assert [problem.key for problem in caught.value.problems] == keys
    assert "hunter2" not in str(caught.value)


async def test_memory_has_no_schema_to_look_at():
    with pytest.raises(InvalidError, match="in memory"):
        await MemoryDatabase().schema_status()
    with pytest.raises(InvalidError, match="in memory"):
        await MemoryDatabase().migrate()


@pytest.mark.slow
def test_the_drivers_of_servers_are_imported_only_when_they_are_needed(pytester):
    program = "import sys, compozy.app, compozy.app.transfer; print({'asyncpg', 'redis'} & {*sys.modules})"

    assert pytester.run(sys.executable, "-c", program).outlines == ["set()"]
