"""The actors that hold the store and the cache."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal

from compozy.config.settings import DatabaseSettings
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.drivers import sqlite, sugardb
from compozy.telemetry.metrics import Metrics
from supervisors import Context

StoreActor = Callable[[Context], AbstractAsyncContextManager[Store]]
CacheActor = Callable[[Context], AbstractAsyncContextManager[Cache]]


def sqlite_actor(settings: DatabaseSettings, metrics: Metrics) -> StoreActor:
    """Return the actor that holds the SQLite store, its statistics shown among the metrics."""
    place: Path | Literal[":memory:"] = ":memory:" if settings.path == ":memory:" else Path(settings.path)

    @asynccontextmanager
    async def store(_ctx: Context) -> AsyncIterator[Store]:
        async with sqlite.open_store(place) as opened:
            with metrics.watching_store(opened.statistics):
                yield opened

    return store


def sugardb_actor() -> CacheActor:
    """Return the actor that holds the embedded cache."""

    @asynccontextmanager
    async def cache(_ctx: Context) -> AsyncIterator[Cache]:
        async with sugardb.open_cache() as opened:
            yield opened

    return cache
