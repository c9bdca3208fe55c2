"""Our side: both drivers of the cache, through their contract."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs

from compozy.contracts.cache import Cache
from compozy.drivers import redis, sugardb
from sides.client import CHANNEL, KEPT, VALUE, Client, Loop, Side, awaiting
from sides.loops import ON_TRIO, together_on_trio
from sides.measures import jobs
from sides.servers import emptied


@attrs.frozen
class _Client:
    loops: Mapping[str, Loop]
    cache: Cache

    async def text(self, key: str) -> str:
        return await self.cache.kv.get(key)

    async def length(self, key: str) -> int:
        return await self.cache.lists.length(key)

    async def reach(self) -> int:
        return await self.cache.pubsub.publish(CHANNEL, VALUE)


@asynccontextmanager
async def _opened(opening: AbstractAsyncContextManager[Cache]) -> AsyncIterator[Client]:
    async with opening as cache, cache.pubsub.subscribe(CHANNEL):
        append_trim = partial(cache.conversations.append_trim, token_delta=1, max_length=KEPT)
        loops = {
            "set": awaiting(cache.kv.set, VALUE),
            "get": awaiting(cache.kv.get),
            "push": awaiting(cache.lists.push, VALUE),
            "append_trim": awaiting(append_trim, [VALUE]),
            "publish": awaiting(cache.pubsub.publish, VALUE),
        }
        yield _Client(loops, cache)


def _in_memory(_place: str) -> AbstractAsyncContextManager[Client]:
    return _opened(sugardb.open_cache())


@asynccontextmanager
async def _on_disk(place: str) -> AsyncIterator[Client]:
    with TemporaryDirectory(dir=place) as folder:
        async with _opened(sugardb.open_cache(folder=Path(folder))) as client:
            yield client


def _in_redis(place: str) -> AbstractAsyncContextManager[Client]:
    return _opened(redis.open_cache(redis.Connecting(url=emptied(place))))


JOBS: Final = {
    **jobs(Side(ON_TRIO, _in_memory, together_on_trio)),
    "repeat_on_disk": jobs(Side(ON_TRIO, _on_disk, together_on_trio))["repeat"],
    "repeat_in_redis": jobs(Side(ON_TRIO, _in_redis, together_on_trio))["repeat"],
    "at_once_in_redis": jobs(Side(ON_TRIO, _in_redis, together_on_trio))["at_once"],
}
