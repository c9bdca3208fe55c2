"""Schedules on a real Temporal server, in memory, and a program whose executions they start."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import starmap
from uuid import uuid4

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.bridge import open_asyncio_host
from compozy.contracts.schedules import Scheduled, Schedules
from compozy.contracts.store import WorkflowFilter
from compozy.domain.cron import parse_cron
from compozy.domain.definitions import Project, TaskDefinition, ToolDefinition, WorkflowDefinition
from compozy.domain.errors import NotFoundError
from compozy.drivers import sqlite, sugardb
from compozy.drivers.clock import utc_now
from compozy.drivers.models import ProviderModels
from compozy.drivers.temporal.connection import dial, make_runtime
from compozy.drivers.temporal.orchestrator import TemporalOrchestrator
from compozy.drivers.temporal.schedules import TemporalSchedules
from compozy.drivers.tools.python import PythonTools
from compozy.engine.asking import Asking
from compozy.engine.dispatching import Dispatching
from compozy.engine.executions import Executions
from compozy.engine.memories import Memories
from compozy.engine.performers import Performers
from compozy.engine.schedules.keeping import ProjectSchedules
from compozy.engine.schedules.starting import DueExecutions
from compozy.engine.task_runs import TaskRuns
from compozy.worker.background import beside
from compozy.worker.service import run_worker

PATIENCE_S = 10


@attrs.define
class MemorySchedules(Schedules):
    """Schedules that start nothing; a double for what only needs to see what is in force.

    Attributes:
        held: By workflow.
        calls: What was put and deleted, in order.
    """

    held: dict[str, Scheduled] = attrs.Factory(dict)
    calls: list[str] = attrs.Factory(list)

    @override
    async def put(self, workflow_id, definition, *, is_paused=None):
        await trio.lowlevel.checkpoint()
        parse_cron(definition.cron)
        self.calls.append(f"put {workflow_id}")
        now = self.held.get(workflow_id, Scheduled(workflow_id=workflow_id, definition=definition, is_paused=False))
        is_paused = now.is_paused if is_paused is None else is_paused
        paused_at = now.paused_at if is_paused else None
        self.held[workflow_id] = attrs.evolve(now, definition=definition, is_paused=is_paused, paused_at=paused_at)

    @override
    async def delete(self, workflow_id):
        await trio.lowlevel.checkpoint()
        self.calls.append(f"delete {workflow_id}")
        self.held.pop(workflow_id, None)

    @override
    async def find(self, workflow_id):
        await trio.lowlevel.checkpoint()
        return self.held.get(workflow_id)

    @override
    async def list_ids(self):
        await trio.lowlevel.checkpoint()
        return frozenset(self.held)

    @override
    async def run_now(self, workflow_id):
        await self._change(workflow_id)

    @override
    async def pause(self, workflow_id, note):
        now = self.held.get(workflow_id)
        since = (now and now.paused_at) or utc_now().replace(microsecond=0)
        await self._change(workflow_id, is_paused=True, note=note, paused_at=since)

    @override
    async def resume(self, workflow_id, note):
        await self._change(workflow_id, is_paused=False, note=note, paused_at=None)

    async def _change(self, workflow_id, **news):
        await trio.lowlevel.checkpoint()
        if workflow_id not in self.held:
            raise NotFoundError(f"the schedule of {workflow_id!r} is not in force")
        self.held[workflow_id] = attrs.evolve(self.held[workflow_id], **news)


@pytest.fixture(scope="session")
def temporal_server():
    """A server that runs, one for each process of tests; no test may stop it."""
    from compozy.testing.temporal import open_temporal_server  # noqa: PLC0415 - most test runs need none

    with open_temporal_server() as server:
        yield server


@pytest.fixture
async def connection(temporal_server):
    """A connection to the server."""
    async with open_asyncio_host("test") as host:
        yield await dial(
            host,
            temporal_server.address,
            namespace="default",
            runtime=make_runtime(),
            patience=timedelta(seconds=PATIENCE_S),
        )


@asynccontextmanager
async def removing(schedules):
    """Delete what is left of the schedules: the server outlives the test, and would go on starting things."""
    try:
        yield schedules
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + PATIENCE_S):
            for workflow_id in await schedules.list_ids():
                await schedules.delete(workflow_id)


@pytest.fixture
def project_name():
    """The name of a project that no other test has."""
    return f"shop {uuid4()}"


@pytest.fixture
async def on_temporal(connection, project_name):
    """The schedules of a project on the server."""
    schedules = TemporalSchedules(
        connection=connection, project=project_name, task_queue=f"queue-{uuid4()}", clock=utc_now
    )
    async with removing(schedules):
        yield schedules


@pytest.fixture
def in_memory():
    """Schedules without a server."""
    return MemorySchedules()


@pytest.fixture(params=["in_memory", "on_temporal"])
def schedules(request):
    """The schedules of a project, of either kind."""
    return request.getfixturevalue(request.param)


@attrs.frozen
class Program:
    """A program whose project has schedules.

    Attributes:
        executions: Find and watch executions.
        schedules: What starts them.
        kept: The project's schedules.
        came: Where the ``exec_id`` of each execution whose tool begins can be received.
        doors: By ``exec_id``, what lets its tool end.
        stopped: The ``exec_id`` of those whose tool was cancelled.
    """

    executions: Executions
    schedules: Schedules
    kept: ProjectSchedules
    came: trio.MemoryReceiveChannel
    doors: dict[str, trio.Event]
    stopped: list[str]

    async def next_begun(self) -> str:
        """Return the execution whose tool begins next."""
        with trio.fail_after(PATIENCE_S):
            return await self.came.receive()

    async def ended(self, exec_id):
        """Return how an execution ended."""
        with trio.fail_after(PATIENCE_S):
            async with self.executions.watch(exec_id) as changes:
                state = await self.executions.state_of(exec_id)
                if not state.status.is_terminal:
                    async for change in changes:
                        if change.ends_execution:
                            break
        return await self.executions.get(exec_id)

    async def status_of(self, exec_id):
        """Return how an execution stands; None when it is not recorded."""
        try:
            return (await self.executions.state_of(exec_id)).status
        except NotFoundError:
            return None

    async def shown(self, workflow_id, looks_right):
        """Return a schedule once it is shown as it should be: the server tells of what it does a moment later."""
        with trio.fail_after(PATIENCE_S):
            while not looks_right(found := await self.schedules.find(workflow_id)):  # noqa: ASYNC110 - see above
                await trio.sleep(0.02)
        return found

    async def all_states(self, workflow_id):
        """Return the executions of a workflow, oldest first."""
        page = await self.executions.list(WorkflowFilter(workflow_id=workflow_id))
        return page.items[::-1]


@pytest.fixture
def queue():
    """The name of a task queue on which no other test works."""
    return f"queue-{uuid4()}"


@pytest.fixture
async def open_program(connection, project_name, queue):
    """Return a function from workflows, by id the schedule and the input's schema, to a program that has them."""

    @asynccontextmanager
    async def open_(**workflows):
        project = Project(name=project_name, root="/nowhere", workflows=dict(starmap(a_workflow, workflows.items())))
        sender, came = trio.open_memory_channel(1000)
        doors, stopped = {}, []

        async def wait(input):  # noqa: A002 - what tools call it
            door = doors.setdefault(input["exec_id"], trio.Event())
            sender.send_nowait(input["exec_id"])
            try:
                await door.wait()
            except trio.Cancelled:
                stopped.append(input["exec_id"])
                raise
            return input

        clock = partial(datetime.now, UTC)
        async with sqlite.open_store(":memory:") as store, sugardb.open_cache() as cache:
            orchestrator = TemporalOrchestrator(connection=connection, task_queue=queue)
            executions = Executions(
                project=project, store=store, pubsub=cache.pubsub, orchestrator=lambda: orchestrator, clock=clock
            )
            memories = Memories.of(cache, project.name)
            performers = Performers(
                tools=PythonTools({"wait": wait}),
                dispatching=Dispatching(executions),
                asking=Asking(models=ProviderModels({}), memories=memories),
                memories=memories,
            )
            runs = TaskRuns(store=store, pubsub=cache.pubsub, performers=performers, clock=clock)
            due = DueExecutions(project=project, store=store, clock=clock)
            stop, started = trio.Event(), trio.Event()
            work = partial(
                run_worker,
                connection,
                runs,
                task_queue=queue,
                concurrency=100,
                due=due,
                started=started.set,
                stop=stop.wait,
            )
            schedules = TemporalSchedules(connection=connection, project=project.name, task_queue=queue, clock=clock)
            async with removing(schedules), beside(work):
                await started.wait()
                kept = ProjectSchedules(project=project, schedules=lambda: schedules)
                yield Program(executions, schedules, kept, came, doors, stopped)

    return open_


def a_workflow(workflow_id, given):
    """Return a workflow by its id: its schedule, and perhaps the schema of its input; its tool waits to be let go."""
    schedule, schema = given if isinstance(given, tuple) else (given, None)
    task = TaskDefinition(
        id="wait",
        tool="wait",
        with_={"exec_id": "{{ .workflow.exec_id }}", "trigger": "{{ .trigger }}", "input": "{{ .workflow.input }}"},
        timeout=timedelta(seconds=60),  # long work hears at once that it is cancelled
    )
    definition = WorkflowDefinition(
        id=workflow_id,
        tasks=(task,),
        tools={"wait": ToolDefinition(id="wait")},
        input_schema=schema,
        schedule=schedule,
    )
    return workflow_id, definition
