"""A worker that ends before it has polled leaves nothing behind that keeps its successor from working."""

import asyncio
import os
import signal
from datetime import timedelta
from uuid import uuid4

import attrs
import pytest
import trio

from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.contracts.cache import Cache
from compozy.contracts.store import Store
from compozy.domain.definitions import Project, TaskDefinition, ToolDefinition, WorkflowDefinition
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.drivers import sqlite, sugardb
from compozy.drivers.clock import utc_now
from compozy.drivers.models import ProviderModels
from compozy.drivers.temporal.connection import Connection, dial, make_runtime
from compozy.drivers.temporal.orchestrator import TemporalOrchestrator
from compozy.drivers.tools.python import PythonTools
from compozy.engine.asking import Asking
from compozy.engine.dispatching import Dispatching
from compozy.engine.executions import Executions
from compozy.engine.memories import Memories
from compozy.engine.performers import Performers
from compozy.engine.task_runs import TaskRuns
from compozy.testing import open_temporal_server
from compozy.worker.background import beside
from compozy.worker.service import run_worker
from supervisors import Backoff, Tree

pytestmark = pytest.mark.slow


async def hello(input):  # noqa: A002 - what tools call it
    """Return a greeting."""
    await trio.lowlevel.checkpoint()
    return {"said": f"hello {input['name']}"}


GREET = WorkflowDefinition(
    id="greet",
    tasks=(TaskDefinition(id="hello", tool="hello", with_={"name": "Ada"}),),
    tools={"hello": ToolDefinition(id="hello")},
)


@attrs.frozen
class Place:
    """Where workers of one task queue work, on one connection."""

    connection: Connection
    host: AsyncioHost
    store: Store
    cache: Cache
    queue: str

    async def work(self, *, started=lambda: None, stop=trio.sleep_forever, connection=None):
        """Work until cancelled."""
        memories = Memories.of(self.cache, "test")
        performers = Performers(
            tools=PythonTools({"hello": hello}),
            dispatching=Dispatching(self.executions),
            asking=Asking(models=ProviderModels({}), memories=memories),
            memories=memories,
        )
        runs = TaskRuns(store=self.store, pubsub=self.cache.pubsub, performers=performers, clock=utc_now)
        where = connection or self.connection
        await run_worker(where, runs, task_queue=self.queue, concurrency=10, started=started, stop=stop)

    @property
    def executions(self):
        """What starts executions."""
        orchestrator = TemporalOrchestrator(connection=self.connection, task_queue=self.queue)
        return Executions(
            project=Project(name="test", root="/nowhere", workflows={"greet": GREET}),
            store=self.store,
            pubsub=self.cache.pubsub,
            orchestrator=lambda: orchestrator,
            clock=utc_now,
        )

    async def serves(self):
        """Return whether an execution comes to its end with whoever works now."""
        with trio.fail_after(20):
            ended = await self.executions.run("greet", {})
        return ended.workflow.status is Status.SUCCESS

    async def pass_by(self, steps):
        """Wait for so many steps of the loop."""

        async def step():
            for _ in range(steps):
                await asyncio.sleep(0)

        await self.host.call(step)

    async def cancelled_after(self, steps):
        """Begin to work, and give up after so many steps of the loop."""
        async with beside(self.work):
            await self.pass_by(steps)


@pytest.fixture
async def open_place():
    async with (
        sqlite.open_store(":memory:") as store,
        sugardb.open_cache() as cache,
        open_asyncio_host("test") as host,
    ):

        async def open_(address):
            connection = await dial(
                host, address, namespace="default", runtime=make_runtime(), patience=timedelta(seconds=10)
            )
            return Place(connection, host, store, cache, f"queue-{uuid4()}")

        yield open_


@pytest.fixture
async def place(open_place, temporal_server):
    return await open_place(temporal_server.address)


async def test_one_that_is_cancelled_at_any_moment_makes_room_for_another(place):
    for steps in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377):
        await place.cancelled_after(steps)

    async with beside(place.work):
        assert await place.serves()


async def test_one_whose_namespace_does_not_exist_says_so_and_makes_room_for_another(place):
    config = place.connection.client.config() | {"namespace": "none-such"}
    elsewhere = attrs.evolve(place.connection, client=type(place.connection.client)(**config), namespace="none-such")
    for _ in range(2):
        with pytest.raises(
            UnavailableError, match=r"^temporal lets no worker begin in namespace 'none-such': .*not found"
        ):
            await place.work(connection=elsewhere)

    async with beside(place.work):
        assert await place.serves()


async def test_one_that_is_asked_to_stop_before_it_has_begun_ends_and_makes_room_for_another(place):
    for _ in range(2):
        with trio.fail_after(10):
            await place.work(stop=trio.lowlevel.checkpoint)

    async with beside(place.work):
        assert await place.serves()


async def test_two_at_a_time_are_refused(place):
    async with beside(place.work):
        assert await place.serves()

        with pytest.raises(RuntimeError, match="overlapping"):
            await place.work()


async def test_an_actor_that_crashes_while_it_begins_starts_again_and_works(place):
    crashes = 8
    works = trio.Event()
    tree = Tree("test", shutdown=10, retry_boot=True)

    async def worker(ctx):
        async def crash():
            if ctx.generation <= crashes:
                await place.pass_by(ctx.generation - 1)
                raise LookupError("it crashed")

        def started():
            ctx.started()
            if ctx.generation > crashes:
                works.set()

        async with beside(crash):
            await place.work(started=started, stop=ctx.stopping.wait)

    tree.add(worker, retries=crashes, backoff=Backoff(0.01, 0.01))
    with trio.fail_after(20):
        async with tree.open() as live:
            await works.wait()
            await live.wait_ready()

            assert await place.serves()


async def test_one_whose_server_stands_still_or_goes_away_makes_room_for_another(open_place):
    with open_temporal_server() as server:
        place = await open_place(server.address)
        os.kill(server.pid, signal.SIGSTOP)
        with trio.fail_after(5):
            await place.cancelled_after(8)
        await trio.to_thread.run_sync(server.kill)
        with trio.fail_after(5):
            await place.cancelled_after(8)
        await trio.to_thread.run_sync(server.start)

        async with beside(place.work):
            assert await place.serves()
