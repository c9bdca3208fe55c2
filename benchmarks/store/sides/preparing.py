"""Databases that are written to: each run finds them empty."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg


def is_postgres(place: str) -> bool:
    """Tell whether a place is in PostgreSQL; if not, it is the path of an SQLite file."""
    return place.startswith("postgresql:")


@contextmanager
def fresh(place: str) -> Iterator[str]:
    """Yield a database with the tables of the one at this place, and nothing in them."""
    if is_postgres(place):
        asyncio.run(_empty(place))
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="store-benchmark-") as folder:
        yield str(shutil.copy(Path(place), folder))


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE workflow_states CASCADE")
        # What earlier runs left to be written does not burden this one.
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
