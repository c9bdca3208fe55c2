"""Migrations of a PostgreSQL database: one at a time, one transaction each, and never by halves."""

from datetime import timedelta

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError
from compozy.drivers.postgres import Connecting, migrate, open_store, schema_status
from compozy.drivers.postgres.migrations import LOCK_KEY
from compozy.drivers.sql.migrations import read_migrations, schema_folder

SHORT = timedelta(milliseconds=50)
KNOWN = read_migrations(schema_folder("postgres"))


@pytest.fixture
def connecting(url):
    return Connecting(url=url)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two small migrations."""
    (tmp_path / "0001_one.sql").write_text(
        "-- two statements\nCREATE TABLE one (a int);\nINSERT INTO one VALUES (1);\n"
    )
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE two (a int);\n")
    return tmp_path


@pytest.fixture
def tables(sql):
    """Return a function that lists the tables of the database."""

    async def tables() -> list[str]:
        rows = await sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
        return rows.splitlines()

    return tables


async def test_an_empty_database_gets_all_migrations(connecting, tables):
    before = await schema_status(connecting)
    nothing = await tables()
    applied = await migrate(connecting)
    after = await schema_status(connecting)

    assert nothing == []
    assert before.version == 0
    assert before.pending == tuple(migration.name for migration in KNOWN)
    assert (applied.before, applied.version, applied.backup) == (0, len(KNOWN), None)
    assert (after.driver, after.version, after.known, after.pending) == ("postgres", len(KNOWN), len(KNOWN), ())
    assert set(await tables()) == {
        "api_keys",
        "payloads",
        "schema_migrations",
        "task_states",
        "users",
        "workflow_states",
    }


async def test_a_database_that_needs_nothing_is_not_locked(connecting, ask):
    async with open_store(connecting) as store:
        await store.transaction(ask(f"SELECT pg_advisory_lock({LOCK_KEY})"))  # held as long as the store is open

        with trio.fail_after(10):
            applied = await migrate(connecting)

    assert applied.count == 0


@pytest.mark.slow
async def test_any_number_may_migrate_at_once(connecting):
    counts = []

    async def run():
        counts.append((await migrate(connecting)).count)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(run)

    assert sorted(counts) == [0, 0, 0, 0, 0, len(KNOWN)]


async def test_a_migration_that_fails_leaves_those_before_and_nothing_of_itself(connecting, folder, tables):
    (folder / "0002_two.sql").write_text("CREATE TABLE two (a int);\nINSERT INTO two VALUES ('x');\n")

    with pytest.raises(InvalidError, match="invalid input syntax"):
        await migrate(connecting, migrations=folder)

    assert await tables() == ["one", "schema_migrations"]
    assert (await schema_status(connecting, migrations=folder)).pending == ("0002_two.sql",)


async def test_a_newer_database_is_refused(connecting, folder):
    await migrate(connecting, migrations=folder)
    (folder / "0002_two.sql").unlink()

    for call in (migrate, schema_status):
        with pytest.raises(ConflictError, match="version 2, this program knows 1"):
            await call(connecting, migrations=folder)
    with pytest.raises(ConflictError, match="version 2, this program knows 1"):
        async with open_store(connecting, migrations=folder):
            pass


async def test_a_migration_that_was_changed_is_refused(connecting, folder):
    await migrate(connecting, migrations=folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE other (a int);\n")

    with pytest.raises(ConflictError, match="restore the file as it was"):
        await migrate(connecting, migrations=folder)


async def test_who_may_not_migrate_is_told_how_to(connecting, tables):
    with pytest.raises(ConflictError, match="compozy migrate up"):
        async with open_store(connecting, auto_migrate=False):
            pass
    nothing = await tables()
    await migrate(connecting)

    assert nothing == []
    async with open_store(connecting, auto_migrate=False) as store:
        await store.ping()


async def test_a_migration_may_take_longer_than_a_statement(url, folder):
    (folder / "0002_two.sql").write_text("SELECT pg_sleep(0.1);\n")
    limits = {"statement_timeout": SHORT, "command_timeout": SHORT}

    applied = await migrate(Connecting(url=url, **limits), migrations=folder)

    assert applied.version == 2
