"""Migrations: bring a database's schema to what this program knows, forward only.

A migration is a file ``NNNN_what.sql``; the numbers run from 0001 without gaps. Each is applied in a transaction of
its own that takes the write lock first (``BEGIN IMMEDIATE``) and only then looks at what is recorded, so any number of
processes may start on one file at the same time. What was applied is recorded with a checksum in ``schema_migrations``.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import attrs

from compozy.domain.errors import ConflictError

_NAME: Final = re.compile(r"(?P<version>\d{4})_[a-z0-9_]+\.sql")
_RECORD: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at TEXT NOT NULL
) STRICT
"""


@attrs.frozen
class Migration:
    """One step of the schema.

    Attributes:
        version: Its number, from 1.
        name: Its file's name.
        sql: Its statements, each beginning on a line of its own.
    """

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; the same whatever line ends a checkout has."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@attrs.frozen
class Applied:
    """What applying did.

    Attributes:
        version: The schema's version now.
        count: How many migrations were applied just now.
    """

    version: int
    count: int


def schema_folder() -> Path | Traversable:
    """Return the folder of this program's migrations, in an installed wheel and in a checkout alike."""
    package = files("compozy")
    shipped = package / "_schema" / "sqlite"
    return shipped if shipped.is_dir() else Path(str(package)).parent / "schema" / "sqlite"


def read_migrations(folder: Path | Traversable) -> tuple[Migration, ...]:
    """Return the migrations of a folder in the order of their numbers.

    Raises:
        ValueError: The folder is not a complete set of migrations, which is a mistake in how the program was packed.
    """
    migrations = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        if (match := _NAME.fullmatch(file.name)) is None:
            raise ValueError(f"{file.name} in {folder} is not named NNNN_what.sql")
        text = file.read_text("utf-8").replace("\r\n", "\n")
        migrations.append(Migration(int(match["version"]), file.name, text))
    versions = [migration.version for migration in migrations]
    if not versions or versions != list(range(1, len(versions) + 1)):
        raise ValueError(f"the migrations in {folder} are numbered {versions}: number them from 1 without gaps")
    return tuple(migrations)


def pending(recorded: Sequence[tuple[str, str]], known: Sequence[Migration], place: str) -> Sequence[Migration]:
    """Return which of the known migrations a database still needs.

    Args:
        recorded: Name and checksum of what was applied to it, in the order of the versions.
        known: All migrations of this program, in the order of the versions.
        place: The database as the user knows it.

    Raises:
        ConflictError: The database is newer than the program, or an applied migration is not what it was.
    """
    if len(recorded) > len(known):
        raise ConflictError(
            f"the schema of {place} has version {len(recorded)}, this program knows {len(known)}: "
            "use the newer program, or another database"
        )
    for (name, checksum), migration in zip(recorded, known, strict=False):
        if (name, checksum) != (migration.name, migration.checksum):
            raise ConflictError(
                f"migration {migration.name} differs from the {name} that was applied to {place}: "
                "restore the file as it was, and put the change into a new migration"
            )
    return known[len(recorded) :]


def apply_migrations(connection: sqlite3.Connection, known: Sequence[Migration], place: str) -> Applied:
    """Apply what the database still needs, and say what was done.

    Nothing is locked or written when it needs nothing.

    Raises:
        ConflictError: As :func:`pending` says; nothing was changed.
    """
    count = 0
    while pending(_recorded(connection), known, place):
        count += _apply_next(connection, known, place)
    return Applied(version=len(known), count=count)


def _apply_next(connection: sqlite3.Connection, known: Sequence[Migration], place: str) -> int:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_RECORD)
        # Asked again under the lock: another process may have been faster.
        needed = pending(_recorded(connection), known, place)
        for migration in needed[:1]:
            for statement in _statements(migration.sql):
                connection.execute(statement)
            row = (migration.version, migration.name, migration.checksum, datetime.now(UTC).isoformat())
            connection.execute("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(needed[:1])


def _recorded(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'").fetchall():
        return []
    return connection.execute("SELECT name, checksum FROM schema_migrations ORDER BY version").fetchall()


def _statements(script: str) -> Iterator[str]:
    """Yield the statements one by one: ``executescript`` would commit the transaction that guards them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement  # comments at the end, or a statement without its semicolon
