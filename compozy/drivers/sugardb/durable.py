"""A database that is kept in a folder: recovered when it is opened, logged while it is, flushed when it is closed."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio

from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.deadlines import SHARDS
from compozy.drivers.sugardb.effects import Effect, Remove
from compozy.drivers.sugardb.encoding import Entry, Epoch
from compozy.drivers.sugardb.files import Folder, open_folder
from compozy.drivers.sugardb.journal import DiskJournal, Fsync
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.memory import Memory
from compozy.drivers.sugardb.recovery import Recovered, Recovery
from compozy.drivers.sugardb.rewriting import Rewriter
from compozy.drivers.sugardb.snapshot import SnapshotWriter
from compozy.drivers.sugardb.turns import Turns
from compozy.telemetry.logger import get_logger

REWRITE_BYTES: Final = 16 << 20
"""A log that is smaller is not worth rewriting: it is read in about a second."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class Durability:
    """How a database is kept.

    Attributes:
        folder: Where.
        fsync: When a write is on disk: ``always`` before it returns, ``everysec`` within a second, ``no`` when the
            system finds time.
        volatile: What the keys begin with that are not kept.
        wall_clock: Returns the seconds since 1970.
        rewrite_bytes: A log that is smaller is not rewritten.
    """

    folder: Path
    fsync: Fsync
    volatile: tuple[str, ...]
    wall_clock: Callable[[], float]
    rewrite_bytes: int = REWRITE_BYTES


@attrs.frozen
class Opened:
    """An open database.

    Attributes:
        database: The keys.
        epoch: Greater each time the same folder is opened; 0 without one.
        failures: Returns how many writes could not be kept.
    """

    database: Database
    epoch: int = 0
    failures: Callable[[], int] = lambda: 0


@asynccontextmanager
async def open_durable(
    keyspace: Keyspace, turns: Turns, *, memory: Memory | None, durability: Durability
) -> AsyncIterator[Opened]:
    """Open a database with what its folder keeps; on leaving all of it is on disk.

    Raises:
        ConflictError: The folder is open already.
        InvalidError: A file in it is missing or damaged.
        UnavailableError: It cannot be read or written; on leaving: the last writes cannot be written.
    """

    def ahead() -> float:
        return durability.wall_clock() - keyspace.time()

    with open_folder(durability.folder) as folder:
        recovered, volatile = await _recover(folder, keyspace, memory, durability, ahead())
        journal = DiskJournal(recovered.file, fsync=durability.fsync, volatile=durability.volatile, ahead=ahead)
        database = Database(keyspace, turns, memory=memory, journal=journal)
        journal.take_back = database.take_back
        epoch = recovered.epoch + 1
        rewriter = Rewriter(
            folder,
            database,
            journal,
            writer=SnapshotWriter(folder, journal.is_volatile, ahead),
            base=recovered.base,
            epoch=epoch,
            snapshot_bytes=recovered.snapshot_bytes,
            least_bytes=durability.rewrite_bytes,
        )
        async with _running(journal, rewriter, (Epoch(epoch), *volatile)):
            yield Opened(database, epoch, lambda: journal.failures)


@asynccontextmanager
async def _running(journal: DiskJournal, rewriter: Rewriter, first: Sequence[Entry]) -> AsyncIterator[None]:
    """Write the log and rewrite it while the body runs; afterwards write what is left."""
    body_error: Exception | None = None
    try:
        await journal.write_now(*first)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(journal.run)
            nursery.start_soon(rewriter.run)
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery that would wrap it
                body_error = error
            finally:
                nursery.cancel_scope.cancel()
    finally:
        try:
            await journal.close()  # noqa: ASYNC102 - it shields itself, with a deadline
        finally:
            if body_error is not None:
                raise body_error


async def _recover(
    folder: Folder, keyspace: Keyspace, memory: Memory | None, durability: Durability, ahead: float
) -> tuple[Recovered, list[Remove]]:
    """Fill the keyspace on a thread; return what was found, and what removes the keys that are not kept any more."""

    def load(effect: Effect) -> None:
        if memory is not None:
            memory.count(effect)
        keyspace.apply(effect)

    def recover() -> tuple[Recovered, list[Remove]]:
        recovered = Recovery(folder, load, ahead, trio.from_thread.check_cancelled).run()
        keyspace.sweep(steps=None)
        gone = _volatile_keys(keyspace, durability.volatile)
        for effect in gone:
            load(effect)
        return recovered, gone

    try:
        recovered, gone = await trio.to_thread.run_sync(recover)
    except OSError as error:
        raise UnavailableError(f"the cache's folder {folder.path} cannot be read: {error.strerror or error}") from error
    if recovered.torn_bytes:
        _log.warning(
            "cache's log ended within a record, which was cut off",
            path=str(recovered.file.path),
            bytes=recovered.torn_bytes,
        )
    return recovered, gone


def _volatile_keys(keyspace: Keyspace, volatile: tuple[str, ...]) -> list[Remove]:
    """Remove the keys that were kept and no longer are, for what the log says of them will not be true any more."""
    if not volatile:
        return []
    names = (name for shard in range(SHARDS) for name in keyspace.names(shard))
    return [Remove(name) for name in names if name.startswith(volatile)]
