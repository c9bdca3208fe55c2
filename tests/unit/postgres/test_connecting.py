from datetime import timedelta
from pathlib import Path

import pytest

from compozy.domain.errors import InvalidError
from compozy.drivers.postgres import Connecting, SslMode, migrate

URL = "postgres://ada:s3cret@db.example:6543/compozy?sslmode=disable"


def test_what_is_given_is_what_asyncpg_gets():
    arguments = Connecting(
        host="db.example",
        port=6543,
        user="ada",
        password="s3cret",  # noqa: S106 - of nobody
        database="compozy",
        ssl=SslMode.DISABLE,
        connect_timeout=timedelta(seconds=3),
        statement_timeout=timedelta(seconds=1.5),
        command_timeout=timedelta(seconds=4),
        application_name="tests",
    ).arguments()

    settings = arguments.pop("server_settings")
    assert arguments == {
        "dsn": None,
        "host": "db.example",
        "port": 6543,
        "user": "ada",
        "password": "s3cret",
        "database": "compozy",
        "ssl": "disable",
        "timeout": 3,
    }
    assert settings["application_name"] == "tests"
    assert settings["statement_timeout"] == "1500"
    assert settings["idle_in_transaction_session_timeout"] == "8000"


def test_unlimited_statements_have_no_timeouts():
    arguments = Connecting(url=URL).arguments(unlimited=True)

    assert arguments["server_settings"]["statement_timeout"] == "0"
    assert arguments["server_settings"]["idle_in_transaction_session_timeout"] == "0"


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"url": URL}, "db.example:6543/compozy"),
        ({"url": "postgresql:///compozy?host=/run/pg&user=ada&password=s3cret"}, "/run/pg/compozy"),
        ({"url": "postgres://a@one:1,two:2/x"}, "one:1,two:2/x"),
        ({"url": "postgres://[::1]:6543/x"}, "[::1]:6543/x"),
        ({"url": "postgres://db/na%20me"}, "db/na me"),
        ({"url": "postgres://db?dbname=x"}, "db/x"),
        ({"url": "postgres:///x"}, "the default host/x"),
        ({"url": URL, "host": "other", "port": 1, "database": "x"}, "other:1/x"),
        ({"host": "db", "port": 5432, "database": "x"}, "db/x"),
    ],
)
def test_the_place_shows_the_database_and_nobodys_password(settings, place):
    assert Connecting(**settings).place == place


@pytest.mark.parametrize("settings", [{"url": URL}, {"host": "db", "password": "s3cret"}])
def test_a_password_is_never_shown(settings):
    assert "s3cret" not in repr(Connecting(**settings))


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "url"),
        ({"url": "mysql://ada:s3cret@db/x"}, "url"),
        ({"url": "postgres://ada:s3c/ret@db/x"}, "url"),
        ({"url": "postgres://ada:s3c#ret@db/x"}, "url"),
        ({"url": "postgres://ada:s3cret@db:port/x"}, "url"),
        ({"url": "postgres://ada:s3cret@one:1,two:x/x"}, "url"),
        ({"url": "postgres://ada:s3cret@db:65536/x"}, "url"),
        ({"url": "postgres://ada:s3cret@/x?host=db&port=1,x"}, "url"),
        ({"url": "postgres://ada:s3cret@[::1/x"}, "url"),
        ({"url": "postgres://ada:s3cret@db/x?sslmode"}, "url"),
        ({"host": "db", "port": 0}, "port"),
        ({"host": "db", "port": 65536}, "port"),
        ({"host": "db", "pool_max": 0, "pool_min": 0}, "pool_max"),
        ({"host": "db", "pool_min": 11}, "pool_min"),
        ({"host": "db", "pool_min": -1}, "pool_min"),
        ({"host": "db", "connect_timeout": timedelta()}, "connect_timeout"),
        ({"host": "db", "statement_timeout": timedelta(days=25)}, "statement_timeout"),
        ({"host": "db", "command_timeout": timedelta(seconds=-1)}, "command_timeout"),
        ({"host": "db", "application_name": "a\0b"}, "application_name"),
        ({"host": "db", "ssl": SslMode.PREFER, "ssl_ca": Path("ca.pem")}, "ssl_ca"),
        ({"host": "db", "ssl": SslMode.DISABLE, "ssl_cert": Path("c.pem")}, "ssl_cert"),
        ({"host": "db", "ssl_key": Path("key.pem")}, "ssl_key"),
    ],
)
def test_a_wrong_setting_is_named_without_a_secret(settings, key):
    with pytest.raises(InvalidError) as caught:
        Connecting(**settings)

    assert [problem.key for problem in caught.value.problems] == [key]
    assert "s3c" not in str(caught.value)


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(InvalidError) as caught:
        Connecting(port=0, pool_max=0, pool_min=0, connect_timeout=timedelta())

    assert [problem.key for problem in caught.value.problems] == ["url", "port", "pool_max", "connect_timeout"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"host": "a" * 64 + ".example"}, "host"),
        ({"url": f"postgres://ada:s3cret@{'a' * 64}.example/x"}, "url"),
        ({"url": "postgres://ada:s3cret@db/x?sslmode=often"}, "url"),
    ],
)
async def test_a_setting_that_only_asyncpg_refuses_is_named_without_a_secret(settings, key):
    with pytest.raises(InvalidError) as caught:
        await migrate(Connecting(**settings))

    assert [problem.key for problem in caught.value.problems] == [key]
    assert "s3cret" not in str(caught.value)
