"""The API over the embedded cache, a store in memory, and an orchestrator that plays executions as the test says.

The store has no thread because virtual time must not jump while one works; tests/integration/api has the real one.
"""

import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import count

import attrs
import pytest
import trio
from quart.typing import TestClientProtocol
from typing_extensions import override

from compozy.api import ActorReport, ApiServices, Application, create_app
from compozy.contracts.cache import KV, PubSub
from compozy.contracts.orchestrator import Orchestrator
from compozy.contracts.store import Kind, Store, StoreStatistics
from compozy.domain.definitions import Project, TaskDefinition, TaskType, WorkflowDefinition
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sql.repositories import SqlRepositories
from compozy.drivers.sqlite.connection import connect_writer
from compozy.drivers.sqlite.dialect import TOOLS
from compozy.drivers.sqlite.migrations import apply_migrations
from compozy.drivers.sqlite.session import Session, drive
from compozy.drivers.sugardb import open_cache
from compozy.engine.config_store import ConfigStore, outline_of
from compozy.engine.events import channel_of, publish
from compozy.engine.executions import Executions
from compozy.engine.idempotency import IdempotencyKeys
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.engine.workers import Workers
from compozy.telemetry.metrics import Deployment, Metrics


def no_schedules():
    """Say that nothing holds schedules here."""
    raise UnavailableError("schedules cannot be reached here")


class InMemoryStore(Store):
    """An SQLite database in memory, on Trio's own thread.

    Unreachable while ``down``, or when it has answered ``answers_left`` times.
    """

    def __init__(self):
        self.connection = connect_writer(":memory:")
        apply_migrations(self.connection, read_migrations(schema_folder("sqlite")), ":memory:")
        self.down = False
        self.answers_left = math.inf

    @property
    def states(self):
        """The recorded executions, by id."""
        session = Session(self.connection, ":memory:", writable=False)
        found = drive(lambda repos: repos.archive.page(Kind.EXECUTIONS, limit=1000), SqlRepositories.of(session, TOOLS))
        return {state.exec_id: state for state in found}

    @override
    async def transaction(self, work: Callable[..., Awaitable]):
        return await self._carry_out(work, writable=True)

    @override
    async def read(self, work: Callable[..., Awaitable]):
        return await self._carry_out(work, writable=False)

    async def _carry_out(self, work, *, writable):
        await self.ping()
        self.connection.execute("BEGIN")
        try:
            session = Session(self.connection, ":memory:", writable=writable)
            answer = drive(work, SqlRepositories.of(session, TOOLS))
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return answer

    async def aclose(self):
        self.connection.close()

    @override
    async def ping(self):
        await trio.lowlevel.checkpoint()
        self.answers_left -= 1
        if self.down or self.answers_left < 0:
            raise UnavailableError("the store cannot be reached", retry_after_s=2.5)

    @override
    def statistics(self):
        return StoreStatistics(driver="sqlite", transactions=0, rollbacks=0, reads=0, waiting=0)


@attrs.define(kw_only=True, eq=False)
class Theatre(Orchestrator):
    """Plays executions of one task; an input with ``fail`` fails, one with ``hold`` waits for ``curtain``.

    Attributes:
        offered: Which executions have been handed over, in order.
        started: Set when an execution has been handed over.
        doors: Starting waits for it; None means that they are open.
        refusal: What starting raises.
        down: There is no orchestrator.
        silent: What happens is recorded but not published.
    """

    store: Store
    pubsub: PubSub
    nursery: trio.Nursery
    curtain: trio.Event = attrs.Factory(trio.Event)
    offered: list[str] = attrs.Factory(list)
    started: trio.Event = attrs.Factory(trio.Event)
    doors: trio.Event | None = None
    refusal: InvalidError | None = None
    down: bool = False
    silent: bool = False
    ticks: Iterable[int] = attrs.Factory(count)

    def now(self):
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=next(self.ticks))

    def reach(self) -> Orchestrator:
        if self.down:
            raise UnavailableError("temporal is restarting", retry_after_s=0.2)
        return self

    @override
    async def start(self, state, definition, project, *, earlier=None):
        self.started.set()
        self.offered.append(state.exec_id)
        if self.refusal is not None:
            raise self.refusal
        if self.doors is not None:
            await self.doors.wait()
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

    async def play(self, state: WorkflowState):
        task = TaskState(
            task_exec_id=new_exec_id(),
            task_id="greet",
            type=TaskType.BASIC,
            exec_id=state.exec_id,
            workflow_id=state.workflow_id,
            status=Status.RUNNING,
            input={},
            created_at=self.now(),
            updated_at=self.now(),
        )
        state = attrs.evolve(state, status=Status.RUNNING, updated_at=self.now())
        await self.record(state, task)
        if state.input.get("hold"):
            await self.curtain.wait()
        task = attrs.evolve(task, status=Status.SUCCESS, output={"text": "hello"}, updated_at=self.now())
        await self.record(state, task)
        end = {"status": Status.SUCCESS, "output": {"text": "hello"}}
        if state.input.get("fail"):
            end = {"status": Status.FAILED, "error": Failure(code="TOOL_FAILED", message="it broke")}
        await self.record(attrs.evolve(state, updated_at=self.now(), **end))

    async def record(self, state: WorkflowState, *tasks: TaskState):
        async def write(repos):
            await repos.workflows.upsert(state)
            await repos.tasks.upsert_many(tasks)

        await self.store.transaction(write)
        if not self.silent:
            await publish(self.pubsub, *tasks, state)


@attrs.frozen(kw_only=True)
class World:
    """The application and what it stands on."""

    app: Application
    client: TestClientProtocol
    services: ApiServices
    store: InMemoryStore
    kv: KV
    pubsub: PubSub
    theatre: Theatre
    actors: list[ActorReport]

    async def start(self, **input_):
        """Start an execution and return its id."""
        response = await self.client.post("/api/v0/workflows/greet/executions", json={"input": input_})
        assert response.status_code == 202
        return (await response.get_json())["exec_id"]

    async def watchers(self, exec_id):
        """Return how many watch an execution; only for when none is expected, for they would not like the message."""
        return await self.pubsub.publish(channel_of(exec_id), "is anybody there?")


@pytest.fixture
def project():
    greet = WorkflowDefinition(
        id="greet",
        description="says hello",
        version="1.2",
        input_schema={
            "type": "object",
            "properties": {"name": {"type": "string", "default": "you"}},
            "additionalProperties": {"type": "boolean"},
        },
        tasks=(
            TaskDefinition(id="greet", tool="greet"),
            TaskDefinition(id="both", type=TaskType.PARALLEL, tasks=(TaskDefinition(id="one", tool="greet"),)),
        ),
    )
    other = WorkflowDefinition(id="count", tasks=(TaskDefinition(id="count", tool="count"),))
    return Project(name="tests", root="/nowhere", workflows={"greet": greet, "count": other})


@pytest.fixture
async def world(project, nursery):
    store = InMemoryStore()
    async with open_cache() as cache, aclosing(store):
        theatre = Theatre(store=store, pubsub=cache.pubsub, nursery=nursery)
        actors: list[ActorReport] = []
        executions = Executions(
            project=project, store=store, pubsub=cache.pubsub, orchestrator=theatre.reach, clock=theatre.now
        )
        deployment = Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb")
        workers = Workers(
            kv=cache.kv, keys=cache.keys, configs=ConfigStore(cache.kv), outline=outline_of(project, b"tools")
        )
        services = ApiServices(
            executions=executions,
            project=project,
            idempotency=IdempotencyKeys(cache.kv),
            metrics=Metrics(deployment),
            actors=lambda: actors,
            workers=workers,
            schedules=ProjectSchedules(project=project, schedules=no_schedules),
        )
        app = create_app(services)
        world = World(
            app=app,
            client=app.test_client(),
            services=services,
            store=store,
            kv=cache.kv,
            pubsub=cache.pubsub,
            theatre=theatre,
            actors=actors,
        )
        yield world
        for exec_id in store.states:
            assert await world.watchers(exec_id) == 0, "a subscription was left open"
