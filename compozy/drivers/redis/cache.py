"""Opening the cache in Redis: its connections, its lifetime, and what is true in all of its roles."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import attrs
import trio

from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.contracts.cache import Cache, CacheStatistics
from compozy.drivers.redis.commands import ClosedError, Commands
from compozy.drivers.redis.connecting import Connecting
from compozy.drivers.redis.conversations import RedisConversations
from compozy.drivers.redis.hashes import RedisHashes
from compozy.drivers.redis.keys import RedisKeys
from compozy.drivers.redis.kv import RedisKV
from compozy.drivers.redis.lanes import Lanes
from compozy.drivers.redis.limiter import RedisLimiter
from compozy.drivers.redis.listening import Listener
from compozy.drivers.redis.lists import RedisLists
from compozy.drivers.redis.locks import RedisLocks
from compozy.drivers.redis.pubsub import RedisPubSub
from compozy.drivers.redis.subscriptions import Subscriptions

DRIVER: Final = "redis"


@attrs.frozen(kw_only=True)
class RedisCache(Cache):
    """The roles of a cache in Redis.

    Attributes:
        limiter: Counts in the same database.
    """

    limiter: RedisLimiter


@asynccontextmanager
async def open_cache(connecting: Connecting, *, host: AsyncioHost | None = None) -> AsyncIterator[RedisCache]:
    """Open the cache in a Redis server that answers now.

    When the server goes away later, commands fail until it is back, and subscriptions go on when it is. On leaving,
    open subscriptions end after what they have buffered, and whoever still calls gets ``UnavailableError``.

    Args:
        connecting: Where the server is.
        host: The loop for the connections, which must outlive the cache; None: one of its own.

    Raises:
        UnavailableError: The server cannot be reached.
        InvalidError: It refuses who asks, or a setting cannot be used.
    """
    await trio.to_thread.run_sync(connecting.check_files)
    async with AsyncExitStack() as stack:
        if host is None:
            host = await stack.enter_async_context(open_asyncio_host(DRIVER))
        yield await stack.enter_async_context(_open(connecting, host))


@asynccontextmanager
async def _open(connecting: Connecting, host: AsyncioHost) -> AsyncIterator[RedisCache]:
    lanes, subscriptions = Lanes(connecting), Subscriptions()
    listener = Listener(connecting, host.open_feed(subscriptions.hear))
    asking, wishes = host.open_exchange(lanes.receive), host.open_exchange(listener.receive)
    commands = Commands(asking, connecting.place)
    cache = _roles(commands, RedisPubSub(commands, wishes, subscriptions), subscriptions)
    body_error: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(host.call, lanes.run)
        nursery.start_soon(host.call, listener.run)
        try:
            await cache.ping()
            yield cache
        except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery that would wrap it
            body_error = error
        finally:
            subscriptions.close()
            asking.close(ClosedError())
            wishes.close(ClosedError())
            nursery.cancel_scope.cancel()  # the calls go on when their connections are closed
    if body_error is not None:
        raise body_error


def _roles(commands: Commands, pubsub: RedisPubSub, subscriptions: Subscriptions) -> RedisCache:
    locks = RedisLocks(commands, pubsub)

    async def ping() -> None:
        await commands.ask(b"PING")

    def statistics() -> CacheStatistics:
        return CacheStatistics(
            driver=DRIVER,
            commands=commands.carried_out,
            failures=commands.failures,
            published=pubsub.published,
            lost=subscriptions.lost,
            lock_waits=locks.waits,
        )

    return RedisCache(
        driver=DRIVER,
        kv=RedisKV(commands),
        lists=RedisLists(commands),
        hashes=RedisHashes(commands),
        keys=RedisKeys(commands),
        pubsub=pubsub,
        locks=locks,
        conversations=RedisConversations(commands),
        limiter=RedisLimiter(commands),
        ping=ping,
        statistics=statistics,
    )
