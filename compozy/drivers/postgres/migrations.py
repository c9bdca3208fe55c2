"""Migrations of a PostgreSQL database. Lives on the asyncio loop.

Each is applied in a transaction of its own. Whoever applies any holds an advisory lock meanwhile, and looks at what is
recorded only then, so any number of processes may start on one database at the same time. The lock goes with the
connection, which has to be closed afterwards.
"""

from collections.abc import Sequence
from typing import Final

from compozy.contracts.migrations import Applied
from compozy.drivers.postgres.connections import Connection
from compozy.drivers.sql.migrations import Migration, pending

LOCK_KEY: Final = int.from_bytes(b"compozy")
"""The advisory lock; one for each database, as all advisory locks."""

_RECORD: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    integer NOT NULL PRIMARY KEY,
  name       text NOT NULL,
  checksum   text NOT NULL,
  applied_at timestamptz NOT NULL
)
"""


async def apply_migrations(connection: Connection, known: Sequence[Migration], place: str) -> Applied:
    """Apply what the database still needs, and say what was done.

    Nothing is locked or written when it needs nothing.

    Raises:
        ConflictError: As ``compozy.drivers.sql.migrations.pending`` says; nothing was changed.
    """
    if not pending(await recorded(connection), known, place):
        return Applied(before=len(known), version=len(known))
    await connection.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
    # Asked again under the lock: another process may have been faster.
    before = await recorded(connection)
    for migration in pending(before, known, place):
        await _apply(connection, migration)
    return Applied(before=len(before), version=len(known))


async def recorded(connection: Connection) -> list[tuple[str, str]]:
    """Return name and checksum of what was applied, in the order of the versions."""
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return []
    rows = await connection.fetch("SELECT name, checksum FROM schema_migrations ORDER BY version")
    return [(row["name"], row["checksum"]) for row in rows]


async def _apply(connection: Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(_RECORD)
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations VALUES ($1, $2, $3, now())",
            migration.version,
            migration.name,
            migration.checksum,
        )
