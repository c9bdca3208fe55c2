"""The API on a real socket, over the real store and cache; only the orchestrator is a double."""

from collections.abc import Callable
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest
import trio
from typing_extensions import override

from compozy.api import Address, ApiServices, Application, create_app, serve
from compozy.contracts.cache import PubSub
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Store
from compozy.domain.definitions import Project, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.drivers.clock import utc_now
from compozy.drivers.sqlite import open_store
from compozy.drivers.sugardb import open_cache
from compozy.engine.config_store import ConfigStore, outline_of
from compozy.engine.events import publish
from compozy.engine.executions import Executions
from compozy.engine.idempotency import IdempotencyKeys
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.engine.workers import Workers
from compozy.telemetry.metrics import Deployment, Metrics


def no_schedules():
    """Say that nothing holds schedules here."""
    raise UnavailableError("schedules cannot be reached here")


@attrs.define(eq=False)
class ObservedPubSub(PubSub):
    """Passes everything on, and tells when a subscription has been left."""

    pubsub: PubSub
    left: trio.Event = attrs.Factory(trio.Event)

    @override
    async def publish(self, channel, payload):
        return await self.pubsub.publish(channel, payload)

    @override
    @asynccontextmanager
    async def subscribe(self, *channels):
        try:
            async with self.pubsub.subscribe(*channels) as messages:
                yield messages
        finally:
            self.left.set()

    @override
    def subscribe_patterns(self, *patterns):
        raise NotImplementedError


@attrs.define(kw_only=True, eq=False)
class Theatre(Orchestrator):
    """Plays executions without tasks; an input with ``hold`` waits for ``curtain``."""

    store: Store
    pubsub: PubSub
    nursery: trio.Nursery
    curtain: trio.Event = attrs.Factory(trio.Event)
    began: trio.Event = attrs.Factory(trio.Event)

    @override
    async def start(self, state, definition, project, *, earlier=None):
        self.nursery.start_soon(self.play, state)

    @override
    async def signal(self, exec_id, signal):
        raise NotImplementedError

    @override
    async def cancel(self, exec_id):
        raise NotImplementedError

    @override
    async def pause(self, exec_id):
        raise NotImplementedError

    @override
    async def resume(self, exec_id):
        raise NotImplementedError

    async def play(self, state):
        await self.record(attrs.evolve(state, status=Status.RUNNING, updated_at=utc_now()))
        self.began.set()
        if state.input.get("hold"):
            await self.curtain.wait()
        await self.record(attrs.evolve(state, status=Status.SUCCESS, output=state.input, updated_at=utc_now()))

    async def record(self, state):
        await self.store.transaction(lambda repos: repos.workflows.upsert(state))
        await publish(self.pubsub, state)


@attrs.frozen(kw_only=True)
class Stage:
    """What the application stands on.

    Attributes:
        make_app: A fresh application over the same store and cache; takes services in place of the usual ones.
        theatre: Plays the executions.
        pubsub: Carries their changes.
    """

    make_app: Callable[..., Application]
    theatre: Theatre
    pubsub: ObservedPubSub


@attrs.frozen(kw_only=True)
class Site:
    """A server that runs, and a client for it.

    Attributes:
        address: Where it listens.
        client: Keeps its connections open.
        stop: Asks the server to stop.
        stopped: Set when ``serve`` has returned.
        stage: What the application stands on.
    """

    address: Address
    client: httpx.AsyncClient
    stop: trio.Event
    stopped: trio.Event
    stage: Stage

    async def start(self, **input_):
        """Start an execution and return its id."""
        response = await self.client.post("/api/v0/workflows/echo/executions", json={"input": input_})
        assert response.status_code == 202
        return response.json()["exec_id"]


@pytest.fixture
async def stage(tmp_path, nursery):
    echo = WorkflowDefinition(id="echo", tasks=(TaskDefinition(id="echo", tool="echo"),))
    project = Project(name="tests", root=str(tmp_path), workflows={"echo": echo})
    deployment = Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb")
    async with open_store(tmp_path / "compozy.db") as store, open_cache() as cache:
        pubsub = ObservedPubSub(cache.pubsub)
        theatre = Theatre(store=store, pubsub=pubsub, nursery=nursery)
        executions = Executions(
            project=project, store=store, pubsub=pubsub, orchestrator=lambda: theatre, clock=utc_now
        )
        workers = Workers(
            kv=cache.kv, keys=cache.keys, configs=ConfigStore(cache.kv), outline=outline_of(project, None)
        )
        services = ApiServices(
            executions=executions,
            project=project,
            idempotency=IdempotencyKeys(cache.kv),
            metrics=Metrics(deployment),
            actors=lambda: (),
            workers=workers,
            schedules=ProjectSchedules(project=project, schedules=no_schedules),
        )

        def make_app(**changes):
            return create_app(attrs.evolve(services, **changes))

        yield Stage(make_app=make_app, theatre=theatre, pubsub=pubsub)


@pytest.fixture
def open_site(stage):
    """Return what opens a server; leaving stops it and proves that nobody listens any more."""

    @asynccontextmanager
    async def open_one(*, grace_s=10.0, stalled_s=10.0, **services):
        stop, stopped = trio.Event(), trio.Event()

        async def run(task_status):
            await serve(
                stage.make_app(**services),
                port=0,
                shutdown_trigger=stop.wait,
                graceful_timeout_s=grace_s,
                stalled_s=stalled_s,
                task_status=task_status,
            )
            stopped.set()

        async with trio.open_nursery() as nursery:
            address = await nursery.start(run)
            async with httpx.AsyncClient(base_url=address.url, timeout=5) as client:
                yield Site(address=address, client=client, stop=stop, stopped=stopped, stage=stage)
                stop.set()
                with trio.fail_after(grace_s + 1):
                    await stopped.wait()
            with pytest.raises(OSError, match="all attempts to connect"):
                await trio.open_tcp_stream(address.host, address.port)

    return open_one
