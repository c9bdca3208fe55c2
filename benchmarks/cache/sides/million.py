"""A million keys: what each takes, and how long the loop is held while all are written, walked over, and expire.

A pause is the processor's time that the thread spends between two turns of a task that wants to run all the time, so
what other programs do meanwhile is not in it.
"""

import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import psutil
import redis
import trio
from support.comparison.job import Samples, Stopwatch, on_trio

from compozy.contracts.cache import Cache
from compozy.drivers import sugardb
from sides.client import VALUE
from sides.servers import emptied

_TTL: Final = timedelta(hours=1)
_BATCH: Final = 10_000

_FILL: Final = """
for number = ARGV[2], ARGV[3] do
  local key = string.format('%s:%012d', ARGV[1], number)
  local value = string.format('%s: %08d', ARGV[5], number)
  if ARGV[4] == '0' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', ARGV[4]) end
end
"""


@asynccontextmanager
async def _pauses() -> AsyncIterator[list[float]]:
    """Yield the pauses of the loop while the body runs, each in seconds."""
    gaps: list[float] = []

    async def run() -> None:
        last = time.thread_time()
        while True:
            await trio.lowlevel.checkpoint()
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.lowlevel.checkpoint()
        yield gaps
        nursery.cancel_scope.cancel()


async def _measure(*, count: int, place: str) -> Samples:
    assert place  # the server's, which is not needed here
    ahead = 0.0
    async with sugardb.open_cache(clock=lambda: trio.current_time() + ahead) as cache:
        empty = _resident_bytes()
        async with _pauses() as filling:
            await _fill(cache, "plain", count, None)
        plain = _resident_bytes()
        clock = Stopwatch()
        async with _pauses() as scanning:
            assert await _scanned(cache) == count
            elapsed = clock.lap()
        before = _resident_bytes()
        await _fill(cache, "mortal", count, _TTL)
        mortal = _resident_bytes()
        ahead = 2 * _TTL.total_seconds()
        async with _pauses() as expiring:
            while (cache.statistics().keys or 0) > count + 1:
                await cache.kv.set("busy", VALUE)
    return {
        "bytes": [(plain - empty) / count],
        "bytes_with_ttl": [(mortal - before) / count],
        "scanned_per_second": [count / elapsed],
        "scanning": _sampled(scanning),
        "expiring": _sampled(expiring),
        "pause_filling": [max(filling)],
        "pause_scanning": [max(scanning)],
        "pause_expiring": [max(expiring)],
    }


async def _fill(cache: Cache, prefix: str, count: int, ttl: timedelta | None) -> None:
    for number in range(count):
        await cache.kv.set(f"{prefix}:{number:012}", _value(number), ttl=ttl)


async def _scanned(cache: Cache) -> int:
    return sum([len(page) async for page in cache.keys.scan()])


def _resident_bytes() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def _sampled(pauses: list[float]) -> list[float]:
    """Return pauses in order of length, every so manieth, so that what is told about them stays short."""
    return sorted(pauses)[:: max(1, len(pauses) // _BATCH)]


def _server(*, count: int, place: str) -> Samples:
    with redis.Redis.from_url(emptied(place), socket_timeout=None) as client:
        empty = _used_bytes(client)
        _fill_server(client, "plain", count, 0)
        plain = _used_bytes(client)
        clock = Stopwatch()
        assert sum(1 for _ in client.scan_iter(count=100)) == count
        elapsed = clock.lap()
        client.flushall()
        _fill_server(client, "mortal", count, _TTL // timedelta(milliseconds=1))
        mortal = _used_bytes(client)
        client.flushall()
    return {
        "bytes": [(plain - empty) / count],
        "bytes_with_ttl": [(mortal - empty) / count],
        "scanned_per_second": [count / elapsed],
    }


def _fill_server(client: redis.Redis, prefix: str, count: int, ttl_ms: int) -> None:
    for start in range(0, count, _BATCH):
        client.eval(_FILL, 0, prefix, start, min(start + _BATCH, count) - 1, ttl_ms, VALUE)


def _used_bytes(client: redis.Redis) -> int:
    return client.info("memory")["used_memory"]


def _value(number: int) -> str:
    return f"{VALUE}: {number:08}"


JOBS: Final = {"ours": on_trio(_measure), "server": _server}
