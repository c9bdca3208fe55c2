"""Opening the embedded cache: its lifetime, and what is true in all of its roles."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import trio

from compozy.contracts.cache import Cache
from compozy.drivers.sugardb.keys import SugarKeys, SugarKV
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.pubsub import SugarPubSub
from compozy.drivers.sugardb.turns import Turns

DRIVER: Final = "sugardb"


@asynccontextmanager
async def open_cache(*, clock: Callable[[], float] = trio.current_time) -> AsyncIterator[Cache]:
    """Open an empty cache that lives as long as the context.

    Each operation is a checkpoint followed by one synchronous step: when it is cancelled it has done nothing, and
    when it returns all of it is done. On leaving, open subscriptions end after what they have buffered, and whoever
    still calls gets ``UnavailableError``.

    Args:
        clock: What times to live are measured on, in seconds.
    """
    turns = Turns()
    keyspace = Keyspace(clock)
    pubsub = SugarPubSub(turns)
    try:
        yield Cache(driver=DRIVER, kv=SugarKV(keyspace, turns), keys=SugarKeys(keyspace, turns), pubsub=pubsub)
    finally:
        turns.close()
        pubsub.close()
        keyspace.clear()
