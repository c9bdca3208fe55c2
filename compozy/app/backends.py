"""The actors that hold the store and the cache."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import attrs

from compozy.app.databases import database_of
from compozy.bridge import AsyncioHost
from compozy.config.settings import DatabaseSettings, StoreDriver
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.drivers import sugardb
from compozy.telemetry.metrics import Metrics
from supervisors import Context

CacheActor = Callable[[Context], AbstractAsyncContextManager[Cache]]


@attrs.frozen(kw_only=True)
class StoreActor:
    """The actor that holds the store, and what it stands on.

    Attributes:
        function: The actor.
        needs: The actors that it needs.
        grace: How long its stop may take, in seconds.
    """

    function: Callable[..., AbstractAsyncContextManager[Store]]
    needs: tuple[str, ...]
    grace: float


def store_actor(settings: DatabaseSettings, metrics: Metrics) -> StoreActor:
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
        return StoreActor(function=store_on_server, needs=("state_folder", "asyncio"), grace=2)
    return StoreActor(function=store_in_file, needs=("state_folder",), grace=5)


def sugardb_actor() -> CacheActor:
    """Return the actor that holds the embedded cache."""

    @asynccontextmanager
    async def cache(_ctx: Context) -> AsyncIterator[Cache]:
        async with sugardb.open_cache() as opened:
            yield opened

    return cache
