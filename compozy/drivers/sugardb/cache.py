"""Opening the embedded cache: its lifetime, and what is true in all of its roles."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Final

import trio

from compozy.contracts.cache import Cache, CacheStatistics
from compozy.drivers.sugardb.conversations import SugarConversations
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.durable import REWRITE_BYTES, Durability, Opened, open_durable
from compozy.drivers.sugardb.hashes import SugarHashes
from compozy.drivers.sugardb.journal import Fsync
from compozy.drivers.sugardb.keys import SugarKeys
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.kv import SugarKV
from compozy.drivers.sugardb.lists import SugarLists
from compozy.drivers.sugardb.locks import SugarLocks
from compozy.drivers.sugardb.memory import Memory
from compozy.drivers.sugardb.pubsub import SugarPubSub
from compozy.drivers.sugardb.turns import Turns

DRIVER: Final = "sugardb"


@asynccontextmanager
async def open_cache(
    *,
    folder: Path | None = None,
    fsync: Fsync = "everysec",
    volatile: tuple[str, ...] = (),
    max_memory: int | None = None,
    clock: Callable[[], float] = trio.current_time,
    wall_clock: Callable[[], float] = time.time,
    rewrite_bytes: int = REWRITE_BYTES,
) -> AsyncIterator[Cache]:
    """Open a cache that lives as long as the context, and longer if it is given a folder.

    Each operation is one synchronous step after a cancel point: when it is cancelled it has done nothing, and when it
    returns all of it is done. Others get their turn before that step, unless they have had one within the last tenth of
    a millisecond, so nobody is kept waiting, however many operations follow each other. On leaving, open subscriptions
    end after what they have buffered, and whoever still calls, or waits for a lock, gets ``UnavailableError``.

    With a folder, keys with their times to live are on disk and there again when it is opened next; locks,
    subscriptions and messages are not. With ``fsync="always"`` an operation that changes something returns when that
    is on disk; others may read it a moment before, and one that is cancelled while it waits for the disk is carried
    out nevertheless. If the disk is full or broken, writing raises ``UnavailableError`` and changes nothing, reading
    goes on, and so does writing once there is room.

    Args:
        folder: Where keys are kept, for this process alone; None keeps them in memory.
        fsync: When a write is on disk: ``always`` before it returns, ``everysec`` within a second, ``no`` when the
            system finds time.
        volatile: What the keys begin with that are not worth keeping, such as heartbeats.
        max_memory: How many bytes keys and values may take, about; None for any. What would take more is refused with
            a ``ConflictError``, while reading and deleting go on.
        clock: What times to live are measured on, in seconds.
        wall_clock: What times to live are measured on while the cache is closed: seconds since 1970.
        rewrite_bytes: The log is rewritten when it is larger than this, and twice as large as the snapshot before it.

    Raises:
        ConflictError: The folder is open already.
        InvalidError: A file in the folder is missing or damaged, or the folder is a file; says which, where, and the
            way out.
        UnavailableError: The folder cannot be read or written; on leaving: the last writes could not be written.
    """
    keyspace = Keyspace(clock)
    turns = Turns(keyspace.tick)
    memory = None if max_memory is None else Memory(keyspace, max_memory)
    opening: AbstractAsyncContextManager[Opened]
    if folder is None:
        opening = nullcontext(Opened(Database(keyspace, turns, memory=memory, journal=None)))
    else:
        kept = Durability(
            folder=folder, fsync=fsync, volatile=volatile, wall_clock=wall_clock, rewrite_bytes=rewrite_bytes
        )
        opening = open_durable(keyspace, turns, memory=memory, durability=kept)
    async with opening as opened:
        pubsub, locks = SugarPubSub(turns), SugarLocks(opened.database, opened.epoch)
        try:
            yield _roles(opened, turns, pubsub, locks)
        finally:
            turns.close()
            pubsub.close()
            locks.close()


def open_kept(
    folder: Path | str, *, fsync: Fsync = "everysec", volatile: tuple[str, ...] = (), max_memory: int | None = None
) -> AbstractAsyncContextManager[Cache]:
    """Open a cache that is kept in a folder: ``async with sugardb.open("data") as db``.

    It is :func:`open_cache` for use alone, with what that says.
    """
    return open_cache(folder=Path(folder), fsync=fsync, volatile=volatile, max_memory=max_memory)


def _roles(opened: Opened, turns: Turns, pubsub: SugarPubSub, locks: SugarLocks) -> Cache:
    database = opened.database

    def statistics() -> CacheStatistics:
        return CacheStatistics(
            driver=DRIVER,
            commands=turns.taken,
            failures=opened.failures(),
            published=pubsub.published,
            lost=pubsub.lost,
            lock_waits=locks.waits,
            keys=len(database.keyspace),
        )

    return Cache(
        driver=DRIVER,
        kv=SugarKV(database),
        lists=SugarLists(database),
        hashes=SugarHashes(database),
        keys=SugarKeys(database),
        pubsub=pubsub,
        locks=locks,
        conversations=SugarConversations(database),
        ping=turns.take,
        statistics=statistics,
    )
