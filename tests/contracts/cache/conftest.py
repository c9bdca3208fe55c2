"""Every cache driver, behind one fixture; the suite beside this file never asks which one it has."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import attrs
import pytest

from compozy.contracts.cache import Cache
from compozy.drivers import sugardb


@attrs.frozen
class Harness:
    """One open, empty cache, and how to let time pass for it.

    Attributes:
        cache: The cache.
        advance: Lets this much time pass, as far as times to live are concerned.
    """

    cache: Cache
    advance: Callable[[timedelta], Awaitable[None]]


@asynccontextmanager
async def _open_sugardb() -> AsyncIterator[Harness]:
    elapsed = 0.0

    async def advance(by: timedelta) -> None:
        nonlocal elapsed
        elapsed += by.total_seconds()

    async with sugardb.open_cache(clock=lambda: elapsed) as cache:
        yield Harness(cache, advance)


DRIVERS: dict[str, Callable[[], AbstractAsyncContextManager[Harness]]] = {"sugardb": _open_sugardb}


@pytest.fixture(params=DRIVERS)
async def harness(request):
    async with DRIVERS[request.param]() as opened:
        yield opened


@pytest.fixture
def cache(harness):
    return harness.cache


@pytest.fixture
def kv(cache):
    return cache.kv


@pytest.fixture
def pubsub(cache):
    return cache.pubsub


@pytest.fixture
def advance(harness):
    return harness.advance


@pytest.fixture
def scanned(cache):
    """Scan to the end and return the names in order."""

    async def scan(pattern="*", **options):
        return sorted([name async for page in cache.keys.scan(pattern, **options) for name in page])

    return scan
