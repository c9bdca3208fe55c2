"""The actors that hold the store, the cache and the limiter."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Generic, Protocol, TypeVar

import attrs

from compozy.app.caches import open_embedded, open_redis
from compozy.app.databases import database_of
from compozy.bridge import AsyncioHost
from compozy.config.settings import CacheDriver, DatabaseSettings, RateLimitBackend, Settings, StoreDriver
from compozy.contracts.cache import Cache
from compozy.contracts.limiter import Limiter
from compozy.contracts.store import Store
from compozy.drivers import sugardb
from compozy.telemetry.metrics import Metrics
from supervisors import FOREVER, Check, Context

BackendT = TypeVar("BackendT")

_CHECK_EVERY_S: Final = 1.0
_CHECK_TIMEOUT_S: Final = 5.0


@attrs.frozen(kw_only=True)
class BackendActor(Generic[BackendT]):
    """The actor that holds a backend, and what it stands on.

    Attributes:
        function: The actor.
        needs: The actors whose values it takes.
        grace: How long its stop may take, in seconds.
        check: How to find out that a server has gone away; None: it has none.
    """

    function: Callable[..., AbstractAsyncContextManager[BackendT]]
    needs: tuple[str, ...]
    grace: float
    check: Check | None = None


def outage_check(probe: Callable[[Any], Awaitable[object]]) -> Check:
    """Return the health check of an actor whose server is elsewhere: it says so, and changes nothing.

    Starting the actor again would not bring the server back. Its connections mend themselves.
    """
    return Check(probe, every=_CHECK_EVERY_S, fails=FOREVER, timeout=_CHECK_TIMEOUT_S)


def store_actor(settings: DatabaseSettings, metrics: Metrics) -> BackendActor[Store]:
    """Return the actor that holds the store of these settings, its statistics shown among the metrics."""
    database = database_of(settings)

    @asynccontextmanager
    async def hold(host: AsyncioHost | None) -> AsyncIterator[Store]:
        async with database.open(auto_migrate=settings.auto_migrate, host=host) as opened:
            with metrics.watching_store(opened.statistics):
                yield opened

    def store_in_file(_ctx: Context) -> AbstractAsyncContextManager[Store]:
        return hold(None)

    def store_on_server(_ctx: Context, asyncio: AsyncioHost) -> AbstractAsyncContextManager[Store]:
        return hold(asyncio)

    if settings.driver is StoreDriver.POSTGRES:
        # The loop outlives it, so that closing has a loop to run on. Nobody uses the store by then, so closing takes
        # milliseconds; a short grace leaves more of the shutdown budget to those who have work to end.
        return BackendActor(function=store_on_server, needs=("asyncio",), grace=2, check=outage_check(_ping))
    return BackendActor(function=store_in_file, needs=(), grace=5)


def cache_actor(settings: Settings, metrics: Metrics) -> BackendActor[Cache]:
    """Return the actor that holds the cache of these settings, its statistics shown among the metrics."""

    @asynccontextmanager
    async def hold(opening: AbstractAsyncContextManager[Cache]) -> AsyncIterator[Cache]:
        async with opening as opened:
            with metrics.watching_cache(opened.statistics):
                yield opened

    def cache_in_process(_ctx: Context) -> AbstractAsyncContextManager[Cache]:
        return hold(open_embedded(settings.cache))

    def cache_on_server(_ctx: Context, asyncio: AsyncioHost) -> AbstractAsyncContextManager[Cache]:
        return hold(open_redis(settings.redis, host=asyncio))

    # Closing takes as long as one write to the disk, or says goodbye.
    if settings.cache_driver is CacheDriver.REDIS:
        return BackendActor(function=cache_on_server, needs=("asyncio",), grace=1, check=outage_check(_ping))
    return BackendActor(function=cache_in_process, needs=(), grace=2)


def limiter_actor(settings: Settings) -> BackendActor[Limiter]:
    """Return the actor that holds what counts the requests to the API.

    An actor, so that a restart of the API does not begin to count anew. In Redis it is that of the cache, unless the
    cache is embedded: then it has connections of its own.
    """

    @asynccontextmanager
    async def limiter_in_process(_ctx: Context) -> AsyncIterator[Limiter]:
        yield sugardb.SugarLimiter()

    @asynccontextmanager
    async def limiter_of_cache(_ctx: Context, cache: Any) -> AsyncIterator[Limiter]:
        yield cache.limiter

    @asynccontextmanager
    async def limiter_on_server(_ctx: Context, asyncio: AsyncioHost) -> AsyncIterator[Limiter]:
        async with open_redis(settings.redis, host=asyncio) as opened:
            yield opened.limiter

    if settings.rate_limit.backend is RateLimitBackend.MEMORY:
        return BackendActor(function=limiter_in_process, needs=(), grace=1)
    if settings.cache_driver is CacheDriver.REDIS:
        return BackendActor(function=limiter_of_cache, needs=("cache",), grace=1)
    # Nobody else would notice that this server is away.
    return BackendActor(function=limiter_on_server, needs=("asyncio",), grace=1, check=outage_check(_ping))


class _Backend(Protocol):
    async def ping(self) -> None: ...


async def _ping(backend: _Backend) -> None:
    await backend.ping()
