"""Workers of a small project, and an embedded cache that they beat in."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.contracts.cache import KV
from compozy.domain.definitions import Project, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb import open_cache
from compozy.engine.config_store import ConfigStore, Outline, outline_of
from compozy.engine.heartbeats import Pulse, WorkerRecord
from compozy.engine.workers import Workers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@attrs.define(eq=False)
class Unsteady(KV):
    """Passes everything on, unless it is told to fail.

    Attributes:
        error: What every call raises; None when it works.
        calls: How often it was called.
    """

    kv: KV
    error: Exception | None = None
    calls: int = 0

    def _work(self) -> KV:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.kv

    @override
    async def get(self, key):
        return await self._work().get(key)

    @override
    async def set(self, key, value, *, ttl=None, only_if_absent=False):
        return await self._work().set(key, value, ttl=ttl, only_if_absent=only_if_absent)

    @override
    async def delete(self, *keys):
        return await self._work().delete(*keys)

    @override
    async def get_many(self, *keys):
        return await self._work().get_many(*keys)

    @override
    async def expire(self, key, ttl):
        return await self._work().expire(key, ttl)

    @override
    async def ttl(self, key):
        return await self._work().ttl(key)

    @override
    async def increment(self, key, by=1, *, ttl_if_new=None):
        return await self._work().increment(key, by, ttl_if_new=ttl_if_new)


@pytest.fixture
def away():
    """Return what a cache that cannot be reached raises."""
    return UnavailableError("the cache is away")


@pytest.fixture
def a_project():
    """Return a function that makes a project of workflows by the tool of their one task."""

    def make(name="shop", **tools) -> Project:
        workflows = {
            each: WorkflowDefinition(id=each, tasks=(TaskDefinition(id="only", tool=tool),))
            for each, tool in tools.items()
        }
        return Project(name=name, root="/nowhere", workflows=workflows)

    return make


@pytest.fixture
def outline(a_project) -> Outline:
    return outline_of(a_project(greet="say", order="buy"), b"def say(): ...")


@pytest.fixture
async def cache():
    async with open_cache() as opened:
        yield opened


@pytest.fixture
def kv(cache):
    return Unsteady(cache.kv)


@pytest.fixture
def keys_of(cache):
    """Return a function that gives the keys that are there, in order."""

    async def keys_of(pattern="*"):
        return sorted([key async for page in cache.keys.scan(pattern) for key in page])

    return keys_of


@pytest.fixture
def a_pulse(kv, outline):
    """Return a function that makes the heartbeats of a worker which starts now; keywords override what it says."""
    begun = trio.current_time()

    def clock():
        return NOON + timedelta(seconds=trio.current_time() - begun)

    def make(worker_id="w1", *, runs=outline, **changes) -> Pulse:
        said = {
            "id": worker_id,
            "host": "box",
            "pid": 7,
            "version": "1.0",
            "project": runs.project,
            "task_queue": f"compozy:{runs.project}",
            "digest": runs.digest,
            "started_at": clock(),
            "at": clock(),
        }
        return Pulse(kv=kv, configs=ConfigStore(kv), worker=WorkerRecord(**(said | changes)), outline=runs, clock=clock)

    return make


@pytest.fixture
def workers(kv, cache, outline):
    """Lists the workers of the project."""
    return Workers(kv=kv, keys=cache.keys, configs=ConfigStore(kv), outline=outline)
