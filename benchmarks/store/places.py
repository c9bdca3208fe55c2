"""The databases of a run: SQLite files in a temporary folder, and databases on a server of its own."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg
import attrs
import trio
from experiments import Scale
from sides.records import execution, position, tasks, tree_owner
from support.comparison.command import Provide, Say

from compozy.drivers import postgres, sqlite
from compozy.drivers.postgres.dialect import POSTGRES
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import Rows
from compozy.drivers.sql.tables import TASK_COLUMNS, WORKFLOW_COLUMNS
from compozy.drivers.sqlite.dialect import SQLITE
from compozy.testing.postgres import PostgresServer, open_postgres_server

_TOLD: Final = 250_000
"""After how many rows progress is reported."""

Table = tuple[str, Sequence[str], Iterator[Sequence[Any]]]
"""A table's name, its columns, and rows for it."""


@contextmanager
def open_places(scale: float, say: Say) -> Iterator[Provide]:
    """Yield what makes a database when it is first asked for, and returns where it is; in the end, all are gone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="store-benchmark-")))
        open_server = cache(lambda: stack.enter_context(open_postgres_server()))
        yield cache(_Places(Scale(scale), say, folder, open_server).make)


@attrs.frozen
class _Places:
    scale: Scale
    say: Say
    folder: Path
    open_server: Callable[[], PostgresServer]

    def make(self, name: str) -> str:
        """Return where a new database is, its path or its URL: ``sqlite-empty``, ``postgres-large`` and so on."""
        kind, _, size = name.partition("-")
        dialect = {"sqlite": SQLITE, "postgres": POSTGRES}[kind]
        tables = () if size == "empty" else self._tables(dialect, self.scale.rows[size], name)
        return self._make_sqlite(name, tables) if dialect is SQLITE else self._make_postgres(name, tables)

    def _tables(self, dialect: Dialect, rows: int, name: str) -> Sequence[Table]:
        encode = Rows(dialect)
        owner = [encode.of_workflow(tree_owner())]
        tree = (encode.of_task(task) for task in tasks(self.scale.tasks))
        return (
            ("workflow_states", WORKFLOW_COLUMNS, iter(owner)),
            ("workflow_states", WORKFLOW_COLUMNS, self._told(name, rows, _rows(dialect, rows))),
            ("task_states", TASK_COLUMNS, tree),
        )

    def _told(self, name: str, count: int, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for number, row in enumerate(rows):
            if number % _TOLD == 0:
                self.say(f"filling {name}: {number} of {count} executions")
            yield row

    def _make_sqlite(self, name: str, tables: Sequence[Table]) -> str:
        path = self.folder / f"{name}.db"
        trio.run(sqlite.migrate, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            for table, columns, rows in tables:
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - constants
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return str(path)

    def _make_postgres(self, name: str, tables: Sequence[Table]) -> str:
        server = self.open_server()
        server.create_database(name)
        url = server.url(name)
        trio.run(postgres.migrate, postgres.Connecting(url=url))
        asyncio.run(_fill(url, tables))
        return url


async def _fill(url: str, tables: Sequence[Table]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for table, columns, rows in tables:
            await connection.copy_records_to_table(table, columns=columns, records=rows)
        # As a server does by itself sooner or later; then it is not in the midst of a measure.
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _rows(dialect: Dialect, count: int) -> Iterator[Sequence[Any]]:
    """Yield the rows of executions; all but what tells one from another is encoded once."""
    encode = Rows(dialect).of_workflow
    patterns = [encode(execution(number)) for number in range(min(count, 100))]
    for number in range(count):
        _, *same, _, _ = patterns[number % 100]
        place = position(number)
        moment = dialect.moment_in(place.created_at, "created_at")
        yield (place.exec_id, *same, moment, moment)
