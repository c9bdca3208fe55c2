"""A clock that tests move, and what a cache holds at a glance."""

import logging
import resource
from contextlib import contextmanager
from datetime import timedelta

import attrs
import pytest
import trio

from compozy.drivers.sugardb import open_cache


@attrs.define
class Clocks:
    """Two clocks that go on together: one from some point or other, one from 1970."""

    monotonic: float = 1000.0
    wall: float = 1.8e9

    def advance(self, seconds):
        self.monotonic += seconds
        self.wall += seconds

    def restart(self):
        """Begin anew somewhere else, as after the machine was started again."""
        self.monotonic = 5.0

    def open(self, folder=None, **options):
        return open_cache(folder=folder, clock=lambda: self.monotonic, wall_clock=lambda: self.wall, **options)


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def contents():
    """Return all that a cache holds, by key, with the seconds each has to live."""

    async def read(cache):
        found = {}
        async for page in cache.keys.scan():
            for key in page:
                left = await cache.kv.ttl(key)
                found[key] = (await _value(cache, key), None if left is None else left / timedelta(seconds=1))
        return found

    return read


async def _value(cache, key):
    (text,) = await cache.kv.get_many(key)
    if text is not None:
        return text
    held = cache.kv._database.find(key)
    return held.copy()


class _Said(logging.Handler):
    """Waits for what the program says in its log."""

    def __init__(self):
        super().__init__(logging.INFO)
        self._messages = []
        self._another = trio.Event()

    def emit(self, record):
        self._messages.append(record.getMessage())
        self._another.set()

    def count(self, message):
        """Return how often it was said since the test began."""
        return self._messages.count(message)

    async def wait(self, message, count=1):
        """Return when it has been said that often."""
        with trio.fail_after(10):
            while self.count(message) < count:
                self._another = trio.Event()
                await self._another.wait()


@pytest.fixture
def said():
    """Tell what has been logged."""
    logger = logging.getLogger("compozy.drivers.sugardb")
    handler = _Said()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def full_disk():
    """Let files of this process grow to a size only, as on a disk that is full; a write stops half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limit(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit
