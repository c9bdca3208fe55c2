"""Both databases have the same tables, whatever they call their types."""

import asyncio
import sqlite3
from contextlib import closing

import asyncpg
import pytest

from compozy.contracts.store import Kind
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sql.tables import API_KEY_COLUMNS, PAYLOAD_COLUMNS, TASK_COLUMNS, USER_COLUMNS, WORKFLOW_COLUMNS
from compozy.drivers.sqlite.migrations import apply_migrations

# Which of PostgreSQL's types stands for which of SQLite's, where moments and JSON are text that checks tell apart.
MOMENT, JSON = "a moment", "JSON"
TYPES = {
    "text": "TEXT",
    "bigint": "INTEGER",
    "bytea": "BLOB",
    "json": JSON,
    "timestamp with time zone": MOMENT,
}


def sqlite_shape(connection):
    """Return the shape of every table: columns, key, references, and indexes."""
    rows = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {table: sqlite_table(connection, table, sql) for table, sql in rows if table != "schema_migrations"}


def sqlite_table(connection, table, sql):
    columns, key = {}, []
    for _, name, type_, is_required, _, place in connection.execute(f"PRAGMA table_info({table})"):
        if f"length({name}) = 27" in sql:
            type_ = MOMENT  # noqa: PLW2901 - the type that is meant
        elif f"json_valid({name})" in sql:
            type_ = JSON  # noqa: PLW2901 - same
        columns[name] = (type_, bool(is_required))
        key += [name] if place else []
    references = {(row[3], row[2], row[4], row[6]) for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
    indexes = {}
    for _, name, is_unique, origin, is_partial in connection.execute(f"PRAGMA index_list({table})"):
        if origin == "pk":
            continue
        names = [row[2] for row in connection.execute(f"PRAGMA index_xinfo({name})") if row[5] and row[2] is not None]
        terms = connection.execute(f"PRAGMA index_xinfo({name})").fetchall()
        has_expression = any(row[1] == -2 for row in terms if row[5])
        shown = None if origin == "u" else name
        indexes[(shown, tuple(names))] = (bool(is_unique), bool(is_partial), has_expression)
    return {"columns": columns, "key": key, "references": references, "indexes": indexes}


async def postgres_shape(url):
    """Return the same of a PostgreSQL database."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [row[0] for row in rows if row[0] != "schema_migrations"]
        return {table: await postgres_table(connection, table) for table in tables}
    finally:
        await connection.close()


async def postgres_table(connection, table):
    columns = await connection.fetch(
        "SELECT column_name, data_type, is_nullable = 'NO' FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position",
        table,
    )
    references = await connection.fetch(
        "SELECT mine.attname, theirs.relname, their_column.attname, confdeltype = 'c'::\"char\" "
        "FROM pg_constraint JOIN pg_class AS theirs ON theirs.oid = confrelid "
        "JOIN pg_attribute AS mine ON mine.attrelid = conrelid AND mine.attnum = conkey[1] "
        "JOIN pg_attribute AS their_column ON their_column.attrelid = confrelid AND their_column.attnum = confkey[1] "
        "WHERE contype = 'f' AND conrelid = $1::regclass",
        table,
    )
    indexes = await connection.fetch(
        "SELECT relname, indisunique, indisprimary, indpred IS NOT NULL AS is_partial, indexprs IS NOT NULL, "
        "ARRAY(SELECT attname::text FROM unnest(indkey::int2[]) WITH ORDINALITY AS part (number, place) "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = number ORDER BY place) AS names, "
        "EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype = 'u') AS is_constraint "
        "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = $1::regclass",
        table,
    )
    [key] = [row["names"] for row in indexes if row["indisprimary"]]
    return {
        "columns": {name: (TYPES[type_], is_required) for name, type_, is_required in columns},
        "key": key,
        "references": {(*row[:3], "CASCADE" if row[3] else "NO ACTION") for row in map(tuple, references)},
        "indexes": {
            (None if row["is_constraint"] else row["relname"], tuple(row["names"])): (row[1], row[3], row[4])
            for row in indexes
            if not row["indisprimary"]
        },
    }


@pytest.fixture
def shapes(janitor):
    """Return the shapes of an SQLite and of a PostgreSQL database."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        apply_migrations(connection, read_migrations(schema_folder("sqlite")), ":memory:")
        return sqlite_shape(connection), asyncio.run(postgres_shape(janitor.url))


@pytest.mark.parametrize("part", ["columns", "key", "references", "indexes"])
def test_both_databases_agree(shapes, part):
    sqlite, postgres = shapes

    assert {table: shape[part] for table, shape in sqlite.items()} == {
        table: shape[part] for table, shape in postgres.items()
    }


def test_the_shape_says_what_there_is(shapes):
    for shape in shapes:
        assert shape["api_keys"]["columns"]["last_used_at"] == (MOMENT, False)
        assert shape["workflow_states"]["columns"]["input"] == (JSON, True)
        assert shape["task_states"]["columns"]["attempt"] == ("INTEGER", True)
        assert shape["task_states"]["key"] == ["task_exec_id"]
        assert shape["task_states"]["references"] == {("exec_id", "workflow_states", "exec_id", "CASCADE")}
        assert shape["users"]["indexes"] == {(None, ("email",)): (True, False, False)}


def test_the_program_knows_every_column(shapes):
    known = {
        "workflow_states": WORKFLOW_COLUMNS,
        "task_states": TASK_COLUMNS,
        "payloads": PAYLOAD_COLUMNS,
        "users": USER_COLUMNS,
        "api_keys": API_KEY_COLUMNS,
    }
    assert len(known) == len(Kind)

    for shape in shapes:
        assert {table: set(each["columns"]) for table, each in shape.items()} == {
            table: set(columns) for table, columns in known.items()
        }
        assert {table: each["key"] for table, each in shape.items()} == {
            table: [columns[0]] for table, columns in known.items()
        }
