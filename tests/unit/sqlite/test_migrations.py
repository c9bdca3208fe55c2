"""The schema goes forward only, once, and is what it was."""

import logging
import sqlite3
from contextlib import closing

import pytest
import sqlite_utils
import trio

from compozy.contracts.migrations import Applied
from compozy.domain.errors import ConflictError
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sqlite import open_store
from compozy.drivers.sqlite.migrations import apply_migrations


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two migrations."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_one.sql").write_text("-- first;\nCREATE TABLE one (a TEXT);\nCREATE TABLE uno (a TEXT);\n-- end\n")
    (folder / "0002_two.sql").write_text("CREATE TABLE two (\n  a TEXT\n)")
    (folder / "README.md").write_text("not a migration")
    return folder


@pytest.fixture
def connection():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def tables(connection):
    return set(sqlite_utils.Database(connection).table_names())


def test_all_are_applied_once_in_order(connection, folder):
    known = read_migrations(folder)

    assert apply_migrations(connection, known, ":memory:") == Applied(before=0, version=2)
    assert apply_migrations(connection, known, ":memory:") == Applied(before=2, version=2)
    assert tables(connection) == {"schema_migrations", "one", "uno", "two"}
    rows = connection.execute("SELECT version, name, checksum FROM schema_migrations").fetchall()
    assert rows == [(step.version, step.name, step.checksum) for step in known]


def test_each_is_applied_in_a_transaction_that_takes_the_write_lock_first(connection, folder):
    statements = []
    connection.set_trace_callback(statements.append)

    apply_migrations(connection, read_migrations(folder), ":memory:")

    borders = [statement for statement in statements if statement.startswith(("BEGIN", "COMMIT", "INSERT"))]
    assert [border.split(" (")[0][:15] for border in borders] == ["BEGIN IMMEDIATE", "INSERT INTO sch", "COMMIT"] * 2


def test_only_what_is_missing_is_applied(connection, folder):
    known = read_migrations(folder)
    apply_migrations(connection, known[:1], ":memory:")

    assert apply_migrations(connection, known, ":memory:") == Applied(before=1, version=2)


def test_a_migration_that_fails_leaves_the_ones_before_it_and_nothing_of_itself(connection, folder):
    (folder / "0003_broken.sql").write_text("CREATE TABLE three (a TEXT);\nCREATE TABLE one (again TEXT);\n")

    with pytest.raises(sqlite3.OperationalError, match="table one already exists"):
        apply_migrations(connection, read_migrations(folder), ":memory:")

    assert tables(connection) == {"schema_migrations", "one", "uno", "two"}
    assert connection.execute("SELECT max(version) FROM schema_migrations").fetchone() == (2,)
    assert not connection.in_transaction


def test_a_newer_database_is_refused_untouched(connection, folder):
    known = read_migrations(folder)
    apply_migrations(connection, known, ":memory:")

    with pytest.raises(
        ConflictError, match="the schema of :memory: has version 2, this program knows 1: use the newer"
    ):
        apply_migrations(connection, known[:1], ":memory:")


@pytest.mark.parametrize("change", ["text", "name"])
def test_a_changed_old_migration_is_refused(connection, folder, change):
    apply_migrations(connection, read_migrations(folder), ":memory:")
    if change == "text":
        (folder / "0001_one.sql").write_text("CREATE TABLE one (b TEXT);")
    else:
        (folder / "0001_one.sql").rename(folder / "0001_other.sql")

    with pytest.raises(
        ConflictError, match=r"0001_o\w+\.sql differs from the 0001_one.sql that was applied to :memory:"
    ):
        apply_migrations(connection, read_migrations(folder), ":memory:")


def test_line_ends_of_a_checkout_do_not_matter(connection, folder):
    apply_migrations(connection, read_migrations(folder), ":memory:")
    file = folder / "0001_one.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert apply_migrations(connection, read_migrations(folder), ":memory:").count == 0


def test_our_own_schema_is_strict_and_what_belongs_to_a_record_goes_with_it(connection):
    apply_migrations(connection, read_migrations(schema_folder("sqlite")), ":memory:")
    database = sqlite_utils.Database(connection)

    assert tables(connection) == {
        "schema_migrations",
        "workflow_states",
        "task_states",
        "payloads",
        "users",
        "api_keys",
    }
    assert all(table.strict for table in database.tables)
    for table, key, owner, owners_key in [
        ("task_states", "task_exec_id", "workflow_states", "exec_id"),
        ("payloads", "key", "workflow_states", "exec_id"),
        ("api_keys", "key_id", "users", "user_id"),
    ]:
        [reference] = database[table].foreign_keys
        assert (database[table].pks, database[owner].pks) == ([key], [owners_key])
        assert (reference.column, reference.other_table, reference.other_column) == (owners_key, owner, owners_key)
        assert "ON DELETE CASCADE" in database[table].schema


@pytest.mark.parametrize("text", ["{", "not json", ""])
def test_our_own_schema_refuses_text_that_is_not_json(connection, text):
    apply_migrations(connection, read_migrations(schema_folder("sqlite")), ":memory:")
    moment = "2026-11-23T12:00:00.000000Z"

    for column in range(3):
        values = ["{}", None, None]
        values[column] = text
        with pytest.raises(sqlite3.IntegrityError, match="json_valid"):
            connection.execute(
                "INSERT INTO workflow_states "
                "(exec_id, workflow_id, status, input, output, error, created_at, updated_at) "
                "VALUES ('x', 'w', 'PENDING', ?, ?, ?, ?, ?)",
                (*values, moment, moment),
            )


async def test_opening_says_which_schema_it_found(path, caplog):
    caplog.set_level(logging.INFO, "compozy")
    for _ in range(2):
        async with open_store(path):
            pass

    version = len(read_migrations(schema_folder("sqlite")))
    assert [record.facts for record in caplog.records] == [
        {"store_driver": "sqlite", "version": version, "applied": version, "from": 0, "to": version},
        {"store_driver": "sqlite", "version": version, "applied": 0, "from": version, "to": version},
    ]


async def test_a_store_uses_the_migrations_it_is_given(path, folder):
    async with open_store(path, migrations=folder):
        pass

    with closing(sqlite3.connect(path)) as connection:
        assert tables(connection) == {"schema_migrations", "one", "uno", "two"}


async def test_a_database_of_other_migrations_is_refused_and_let_go(path, folder):
    async with open_store(path, migrations=folder):
        pass

    with pytest.raises(ConflictError):
        async with open_store(path):
            pass

    assert sorted(file.name for file in path.parent.glob("compozy*")) == ["compozy.db"]  # no connection is left open


async def test_a_statement_that_is_wrong_is_shown_as_the_bug_it_is(path, folder):
    async with open_store(path, migrations=folder) as store:
        with pytest.raises(sqlite3.OperationalError, match="no such table: task_states"):
            await store.ping()


async def test_stores_that_open_one_new_file_at_once_apply_each_migration_once(path, caplog):
    caplog.set_level(logging.INFO, "compozy")

    async def open_and_ask():
        async with open_store(path) as store:
            await store.ping()

    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(open_and_ask)

    applied = [record.facts["applied"] for record in caplog.records]
    assert len(applied) == 8
    assert sum(applied) == len(read_migrations(schema_folder("sqlite")))
