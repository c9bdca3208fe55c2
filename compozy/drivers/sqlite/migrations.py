"""Migrations of an SQLite file.

Each is applied in a transaction of its own that takes the write lock first (``BEGIN IMMEDIATE``) and only then looks at
what is recorded, so any number of processes may start on one file at the same time. Before the first change to a
schema that is in use, the file is copied.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from compozy.contracts.migrations import Applied
from compozy.drivers.sql.migrations import Migration, pending
from compozy.drivers.sqlite.connection import Place, create

_RECORD: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at TEXT NOT NULL
) STRICT
"""


def apply_migrations(connection: sqlite3.Connection, known: Sequence[Migration], place: Place) -> Applied:
    """Apply what the database still needs, and say what was done.

    Nothing is locked or written when it needs nothing. When it has a schema already, a copy of the file is made first,
    beside it: ``compozy.db.v1-20261123T083000Z.bak``, for its owner alone; it is complete, the WAL included.

    Raises:
        ConflictError: As ``compozy.drivers.sql.migrations.pending`` says; nothing was changed.
    """
    in_use = place if recorded(connection) and place != ":memory:" else None
    backup: Path | None = None
    count = 0  # of ours: another process may apply the others meanwhile
    while pending(recorded(connection), known, str(place)):
        with _next_migration(connection, known, str(place)) as migration:
            if migration is None:
                continue
            if in_use is not None and backup is None:
                backup = _back_up(in_use, migration.version - 1)
            _apply(connection, migration)
            count += 1
    return Applied(before=len(known) - count, version=len(known), backup=str(backup) if backup is not None else None)


def recorded(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return name and checksum of what was applied, in the order of the versions."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").fetchall():
        return []
    return connection.execute("SELECT name, checksum FROM schema_migrations ORDER BY version").fetchall()


@contextmanager
def _next_migration(
    connection: sqlite3.Connection, known: Sequence[Migration], place: str
) -> Iterator[Migration | None]:
    """Yield, within a transaction that has the write lock, what is to be applied; commit it, or take it all back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        # Asked again under the lock: another process may have been faster.
        yield next(iter(pending(recorded(connection), known, place)), None)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in _statements(migration.sql):
        connection.execute(statement)
    row = (migration.version, migration.name, migration.checksum, datetime.now(UTC).isoformat())
    connection.execute("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", row)


def _back_up(path: Path, version: int) -> Path:
    # Through a connection of its own, which sees what was committed: the one that migrates has written already.
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = path.with_name(f"{path.name}.v{version}-{moment}.bak")
    create(copy)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)  # half a copy would pass for one
        raise
    return copy


def _statements(script: str) -> Iterator[str]:
    """Yield the statements one by one: ``executescript`` would commit the transaction that guards them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement  # comments at the end, or a statement without its semicolon
