"""DBOS: the same three steps, recorded in a SQLite file with a write-ahead log, in one asyncio process.

DBOS leaves a file's journal as it finds it, so the file is made with a write-ahead log before it is opened. There is no
server and no way over HTTP.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from dbos import DBOS
from support.comparison.job import Job, Samples

from sides.looping import measure_steps


@DBOS.step()
async def echo(text: str) -> str:
    """Return the text."""
    return text


@DBOS.workflow()
async def run_three(text: str) -> str:
    """Hand the text through three steps."""
    return await echo(await echo(await echo(text)))


def three_steps(*, count: int, at_once: int, warm_up: int, **_others: Any) -> Samples:
    """Measure runs of three steps, one after the other and then many at once."""
    with tempfile.TemporaryDirectory(prefix="engine-benchmark-") as folder:
        file = Path(folder, "dbos.sqlite")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        DBOS(
            config={
                "name": "benchmark",
                "system_database_url": f"sqlite:///{file}",
                "run_admin_server": False,
                "log_level": "CRITICAL",
            }
        )
        return asyncio.run(_measure(count, at_once, warm_up))


async def _measure(count: int, at_once: int, warm_up: int) -> Samples:
    DBOS.launch()
    try:
        return await measure_steps(run_three, count=count, at_once=at_once, warm_up=warm_up)
    finally:
        DBOS.destroy()


JOBS: Final[Mapping[str, Job]] = {"three_steps": three_steps}
