"""Every cache driver, behind one fixture; the suite beside this file never asks which one it has."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta

import attrs
import pytest
import trio

from compozy.contracts.cache import Cache
from compozy.contracts.limiter import Limiter
from compozy.drivers import redis, sugardb
from compozy.drivers.sugardb.limiter import SugarLimiter
from compozy.testing.redis import open_redis_server


@attrs.frozen
class Harness:
    """One open, empty cache, and how to let time pass for it.

    Attributes:
        cache: The cache.
        limiter: A limiter beside it, empty too.
        advance: Lets this much time pass, as far as times to live and windows are concerned; real time passes as well.
    """

    cache: Cache
    limiter: Limiter
    advance: Callable[[timedelta], Awaitable[None]]


@asynccontextmanager
async def _open_sugardb(*, frozen=False, **options) -> AsyncIterator[Harness]:
    ahead = 0.0
    begun = trio.current_time()

    def clock() -> float:
        return (begun if frozen else trio.current_time()) + ahead

    async def advance(by: timedelta) -> None:
        nonlocal ahead
        ahead += by.total_seconds()

    async with sugardb.open_cache(clock=clock, wall_clock=lambda: time.time() + ahead, **options) as cache:
        yield Harness(cache, SugarLimiter(clock=clock), advance)


@asynccontextmanager
async def _open_durable_sugardb(folder) -> AsyncIterator[Harness]:
    # The log is rewritten all the time, so that every operation is met by a capture of the keys.
    async with _open_sugardb(folder=folder, fsync="always", rewrite_bytes=500) as harness:
        yield harness


# Everything with a time to live, and the hits that the limiter has noted, grow older by so many microseconds.
_AGE = """
local by_us = tonumber(ARGV[1])
local by = math.ceil(by_us / 1000)
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if string.find(key, '^compozy:limit:') then
    for i, hit in ipairs(redis.call('LRANGE', key, 0, -1)) do
      redis.call('LSET', key, i - 1, string.format('%.0f', hit - by_us))
    end
  end
  if left >= 0 and left <= by then redis.call('DEL', key) end
  if left > by then redis.call('PEXPIRE', key, left - by) end
end
"""


@asynccontextmanager
async def _open_redis(server) -> AsyncIterator[Harness]:
    async def advance(by: timedelta) -> None:
        server.ask("EVAL", _AGE, "0", str(by // timedelta(microseconds=1)))

    server.ask("FLUSHALL")
    async with redis.open_cache(redis.Connecting(url=server.url)) as cache:
        yield Harness(cache, cache.limiter, advance)


DRIVERS: dict[str, Callable[..., AbstractAsyncContextManager[Harness]]] = {
    "sugardb": _open_sugardb,
    "sugardb-durable": _open_durable_sugardb,
    "redis": _open_redis,
}
NEEDS = {"sugardb-durable": "tmp_path", "redis": "redis_server"}
"""The fixture that a driver needs, which is given to it."""


@pytest.fixture(scope="session")
def redis_server():
    with open_redis_server() as server:
        yield server


@pytest.fixture
def opening(request):
    """Return a function that opens an empty cache of a driver; it gives an async context manager."""

    def open_one(driver, **options):
        needs = [request.getfixturevalue(NEEDS[driver])] if driver in NEEDS else []
        return DRIVERS[driver](*needs, **options)

    return open_one


@pytest.fixture(params=DRIVERS)
async def harness(request, opening):
    async with opening(request.param) as opened:
        yield opened


@pytest.fixture
def cache(harness):
    return harness.cache


@pytest.fixture
def kv(cache):
    return cache.kv


@pytest.fixture
def lists(cache):
    return cache.lists


@pytest.fixture
def hashes(cache):
    return cache.hashes


@pytest.fixture
def pubsub(cache):
    return cache.pubsub


@pytest.fixture
def locks(cache):
    return cache.locks


@pytest.fixture
def conversations(cache):
    return cache.conversations


@pytest.fixture
def limiter(harness):
    return harness.limiter


@pytest.fixture
def advance(harness):
    return harness.advance


@pytest.fixture
def cancelled():
    """Return a context manager in which whatever is awaited is cancelled; it fails if nothing was."""

    @contextmanager
    def assert_cancelled():
        with trio.CancelScope() as scope:
            scope.cancel()
            yield
        assert scope.cancelled_caught

    return assert_cancelled


@pytest.fixture
def scanned(cache):
    """Scan to the end and return the names in order."""

    async def scan(pattern="*", **options):
        return sorted([name async for page in cache.keys.scan(pattern, **options) for name in page])

    return scan
