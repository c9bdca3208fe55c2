"""The schema of a database, looked at or brought up to date on a connection of its own. Lives on the asyncio loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources.abc import Traversable
from pathlib import Path

from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.drivers.postgres.connecting import Connecting
from compozy.drivers.postgres.connections import GOODBYE_S, Connection, connect
from compozy.drivers.postgres.errors import translated
from compozy.drivers.postgres.migrations import apply_migrations, recorded
from compozy.drivers.sql.migrations import pending, read_migrations, require_current, schema_folder, status_of


async def prepare_schema(connecting: Connecting, folder: Path | Traversable | None, *, auto_migrate: bool) -> Applied:
    """Bring the schema up to date, or, when that is not wanted, see that it is.

    Args:
        connecting: Where the database is.
        folder: The migrations; None means those that belong to this program.
        auto_migrate: Whether it is wanted.

    Raises:
        CompozyError: As ``compozy.drivers.postgres.open_store``.
    """
    known = read_migrations(folder or schema_folder("postgres"))
    async with _connected(connecting) as connection:
        if not auto_migrate:
            require_current(pending(await recorded(connection), known, connecting.place), connecting.place)
        return await apply_migrations(connection, known, connecting.place)


async def look_at_schema(connecting: Connecting, folder: Path | Traversable | None) -> SchemaStatus:
    """Return how the schema stands.

    Raises:
        CompozyError: As ``compozy.drivers.postgres.open_store``.
    """
    known = read_migrations(folder or schema_folder("postgres"))
    async with _connected(connecting) as connection:
        return status_of(await recorded(connection), known, driver="postgres", place=connecting.place)


@asynccontextmanager
async def _connected(connecting: Connecting) -> AsyncIterator[Connection]:
    """Yield a connection whose statements may take as long as they need; errors are those of the domain."""
    with translated(connecting.place):
        connection = await connect(connecting, patience=None)
        try:
            yield connection
            await connection.close(timeout=GOODBYE_S)
        finally:
            connection.terminate()  # closes what is not closed by now
