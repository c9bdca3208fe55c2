"""Migrations: how a database's schema becomes what this program knows, forward only.

A migration is a file ``NNNN_what.sql``; the numbers run from 0001 without gaps. What was applied is recorded with a
checksum in the table ``schema_migrations``. How they are applied, and what keeps several processes from doing it at
once, is each driver's own.
"""

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import attrs

from compozy.contracts.migrations import SchemaStatus
from compozy.domain.errors import ConflictError, NewerSchemaError

_NAME: Final = re.compile(r"(?P<version>\d{4})_[a-z0-9_]+\.sql")


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


def schema_folder(dialect: str) -> Path | Traversable:
    """Return the folder of this program's migrations, in an installed wheel and in a checkout alike.

    Args:
        dialect: ``sqlite`` or ``postgres``.
    """
    package = files("compozy")
    shipped = package / "_schema" / dialect
    return shipped if shipped.is_dir() else Path(str(package)).parent / "schema" / dialect


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
        NewerSchemaError: The database is newer than the program.
        ConflictError: An applied migration is not what it was.
    """
    if len(recorded) > len(known):
        raise NewerSchemaError(
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


def require_current(needed: Sequence[Migration], place: str) -> None:
    """Return when a database needs nothing; for whoever may not migrate it.

    Raises:
        ConflictError: It needs migrations.
    """
    if needed:
        names = ", ".join(migration.name for migration in needed)
        raise ConflictError(
            f"the schema of {place} is older than this program, it needs {names}: run `compozy migrate up`, "
            "or set database.auto_migrate: true"
        )


def status_of(
    recorded: Sequence[tuple[str, str]], known: Sequence[Migration], *, driver: str, place: str
) -> SchemaStatus:
    """Return how a database stands; raises as :func:`pending`."""
    needed = pending(recorded, known, place)
    return SchemaStatus(
        driver=driver,
        place=place,
        version=len(recorded),
        known=len(known),
        pending=tuple(migration.name for migration in needed),
    )
