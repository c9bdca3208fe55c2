"""The lock of the Temporal server's database, waited for; what keeps it from us for good is ended."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import psutil
import trio

from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.dev_server import database_lock
from compozy.drivers.temporal.orphans import Orphans
from compozy.telemetry.logger import get_logger

_TRY_EVERY_S: Final = 0.1

_log = get_logger("temporal.server")


@attrs.frozen(kw_only=True)
class Patience:
    """How long to wait for what, in seconds.

    Attributes:
        total: For the lock.
        grace: For an orphan that was asked to end; then it is killed.
        look_every: From one look for orphans to the next.
    """

    total: float = 10.0
    grace: float = 1.0
    look_every: float = 1.0


DEFAULT_PATIENCE: Final = Patience()


@asynccontextmanager
async def open_database_lock(
    database_file: Path, binary: Path, *, patience: Patience = DEFAULT_PATIENCE
) -> AsyncIterator[tuple[int, ...]]:
    """Hold the database's lock, and yield the descriptors that its server inherits.

    A server that a killed program left behind has the lock. Usually its reaper ends it, and this waits for that. One
    that was left without a reaper, and is proven to be ours, is ended here.

    Args:
        database_file: The database.
        binary: The Temporal command line.
        patience: How long to wait.

    Raises:
        UnavailableError: Somebody else had it all that time.
        InvalidError: Its file cannot be opened.
    """
    database_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        yield await _wait_for_lock(stack, Orphans(database_file, binary), patience)


async def _wait_for_lock(stack: ExitStack, orphans: Orphans, patience: Patience) -> tuple[int, ...]:
    now = trio.current_time()
    deadline, next_look = now + patience.total, now
    asked: dict[psutil.Process, float] = {}
    while True:
        try:
            return stack.enter_context(database_lock(orphans.database_file))
        except UnavailableError:
            now = trio.current_time()
            if now > deadline:
                raise
        if now >= next_look:
            for orphan in await trio.to_thread.run_sync(orphans.find):
                _end(orphan, asked, grace=patience.grace)
            next_look = trio.current_time() + patience.look_every
        await trio.sleep(_TRY_EVERY_S)  # a lock that becomes free tells nobody but a blocked thread


def _end(orphan: psutil.Process, asked: dict[psutil.Process, float], *, grace: float) -> None:
    """Ask the orphan to end; kill it if it was asked long ago. psutil makes sure that it is still the same process."""
    now = trio.current_time()
    try:
        if orphan not in asked:
            _log.warning("a temporal server that a killed program left behind is ended", pid=orphan.pid)
            asked[orphan] = now
            orphan.terminate()
        elif now >= asked[orphan] + grace:
            _log.warning("a temporal server that a killed program left behind is killed", pid=orphan.pid)
            orphan.kill()
    except psutil.NoSuchProcess:
        return
