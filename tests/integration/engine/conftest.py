"""A program that runs definitions made by a test: a worker on a real Temporal server, with a store of its own."""

import json
import os
import re
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
import trio
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.domain.codec import from_json
from compozy.domain.definitions import Project, ToolDefinition, WorkflowDefinition
from compozy.domain.ids import new_exec_id
from compozy.drivers import sqlite, sugardb
from compozy.drivers.models import ProviderModels
from compozy.drivers.temporal.connection import Connection, dial, make_runtime
from compozy.drivers.temporal.orchestrator import TemporalOrchestrator
from compozy.drivers.tools.python import PythonTools
from compozy.engine.asking import Asking
from compozy.engine.dispatching import Dispatching
from compozy.engine.executions import Execution, Executions
from compozy.engine.memories import Memories
from compozy.engine.performers import Performers
from compozy.engine.task_runs import TaskRuns
from compozy.worker.background import beside
from compozy.worker.service import run_worker
from compozy.worker.workflow import ChunkWorkflow, ExecutionWorkflow

HISTORIES = Path(__file__).parents[2] / "data" / "histories"
WORKFLOWS = [ExecutionWorkflow, ChunkWorkflow]
_PATIENCE = timedelta(seconds=10)


@attrs.frozen
class Stage:
    """Tools that a test watches: they hang until they are let go or cancelled, and say so.

    Attributes:
        came: Where the name of each that begins can be received.
        stopped: The names of those that were cancelled, in order.
        gates: What lets them go, by name.
    """

    came: trio.MemoryReceiveChannel
    sender: trio.MemorySendChannel
    stopped: list[str] = attrs.Factory(list)
    gates: defaultdict[str, trio.Event] = attrs.Factory(lambda: defaultdict(trio.Event))

    async def hang(self, input):  # noqa: A002 - what tools call it
        """Hang."""
        name = input["name"]
        self.sender.send_nowait(name)
        try:
            await self.gates[name].wait()
        except trio.Cancelled:
            self.stopped.append(name)
            raise
        return input

    async def wait_for(self, *names):
        """Return when tools of these names, and no others, have begun."""
        came = {await self.came.receive() for _ in names}
        assert came == set(names)


async def echo(input):  # noqa: A002 - what tools call it
    """Return the input."""
    await trio.lowlevel.checkpoint()
    return input


async def fail(input):  # noqa: A002 - what tools call it
    """Fail, after some seconds if it is told how many."""
    await trio.sleep(input.get("after", 0))
    raise ValueError(input.get("why", "no reason"))


async def nap(input):  # noqa: A002 - what tools call it
    """Return the input after some seconds."""
    await trio.sleep(input["seconds"])
    return input


@attrs.frozen
class Program:
    """A program that runs.

    Attributes:
        executions: Start, run, find and watch executions.
        connection: To the Temporal server.
        host: The loop of the connection.
    """

    executions: Executions
    connection: Connection
    host: AsyncioHost

    def define(self, tasks, *, workflow_id=None, tools=None, **rest) -> str:
        """Add a workflow of tasks, written as they travel, and return its id."""
        workflow_id = workflow_id or f"w{len(self.executions.project.workflows)}"
        named = {name: ToolDefinition(id=name) for name in sorted(_tools_in(tasks))} | (tools or {})
        written = from_json({"id": workflow_id, "tasks": tasks, **rest}, WorkflowDefinition)
        self.executions.project.workflows[workflow_id] = attrs.evolve(written, tools=named)
        return workflow_id

    async def run(self, tasks, input_=None, **rest) -> Execution:
        """Run a workflow of these tasks to its end."""
        return await self.executions.run(self.define(tasks, **rest), input_ or {})

    async def history(self, workflow_id):
        """Return what Temporal has recorded of a workflow of its own."""
        handle = self.connection.client.get_workflow_handle(workflow_id)
        return await self.host.call(handle.fetch_history)

    async def ended_history(self, workflow_id):
        """Return the same when the workflow has ended, which is a moment after its execution has."""
        handle = self.connection.client.get_workflow_handle(workflow_id)
        with suppress(WorkflowFailureError):
            await self.host.call(handle.result)
        return await self.history(workflow_id)

    async def replay(self, workflow_id, *, keep_as=None):
        """Replay what Temporal has recorded of a workflow; raises when it would be carried out otherwise now.

        Args:
            workflow_id: The workflow.
            keep_as: The name under which its history is golden: it is written when histories are made anew.
        """
        history = await self.ended_history(workflow_id)
        replayer = Replayer(
            workflows=WORKFLOWS,
            workflow_runner=UnsandboxedWorkflowRunner(),
            data_converter=self.connection.client.data_converter,
        )
        await self.host.call(replayer.replay_workflow, history)
        if keep_as is not None and os.environ.get("COMPOZY_WRITE_HISTORIES"):
            HISTORIES.mkdir(exist_ok=True)
            recorded = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
            # Which process on which machine it was is nobody's business.
            scrubbed = re.sub(r'"\d+@[^"]+"', '"worker"', recorded)
            (HISTORIES / f"{keep_as}.json").write_text(scrubbed + "\n")

    async def signal(self, exec_id, name, *args):
        """Send a signal to an execution, through Temporal."""
        handle = self.connection.client.get_workflow_handle(exec_id)
        await self.host.call(partial(handle.signal, name, args=args))

    async def reaches(self, workflow_id, event):
        """Return when Temporal has recorded an event of a workflow (``timer_started``)."""
        with trio.fail_after(10):
            while not await self._has_reached(workflow_id, f"{event}_event_attributes"):  # noqa: ASYNC110 - nobody tells
                await trio.sleep(0.02)

    async def _has_reached(self, workflow_id, field):
        try:
            history = await self.history(workflow_id)
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 - it has not begun yet
            return False
        return any(event.HasField(field) for event in history.events)

    async def cancel(self, exec_id):
        """Cancel an execution, in Temporal."""
        handle = self.connection.client.get_workflow_handle(exec_id)
        await self.host.call(handle.cancel)

    @asynccontextmanager
    async def begun(self, tasks, input_=None, **rest):
        """Start a workflow of these tasks; give its execution's id, and what waits for its end and returns that."""
        exec_id = new_exec_id()
        async with self.executions.watch(exec_id) as changes:
            await self.executions.start(self.define(tasks, **rest), input_ or {}, exec_id=exec_id)

            async def ended() -> Execution:
                async for change in changes:
                    if change.ends_execution:
                        break
                return await self.executions.get(exec_id)

            yield exec_id, ended


@pytest.fixture
def histories():
    """The folder of the golden histories."""
    return HISTORIES


def _tools_in(tasks):
    for task in tasks:
        if "tool" in task:
            yield task["tool"]
        yield from _tools_in(task.get("tasks", ()))
        yield from _tools_in(filter(None, [task.get("wait", {}).get("processor")]))


@pytest.fixture(scope="session")
def temporal_server():
    """A server that runs, one for each process of tests; no test may stop it."""
    from compozy.testing.temporal import open_temporal_server  # noqa: PLC0415 - most test runs need none

    with open_temporal_server() as server:
        yield server


@pytest.fixture
async def open_program(temporal_server):
    """Return a function from tools to a program that has them."""

    @asynccontextmanager
    async def open_(*functions):
        queue = f"engine-{uuid4()}"
        clock = partial(datetime.now, UTC)
        tools = PythonTools({function.__name__: function for function in functions})
        async with (
            sqlite.open_store(":memory:") as store,
            sugardb.open_cache() as cache,
            open_asyncio_host("test") as host,
        ):
            connection = await dial(
                host,
                temporal_server.address,
                namespace="default",
                runtime=make_runtime(),
                patience=_PATIENCE,
                store=store,
            )
            orchestrator = TemporalOrchestrator(connection=connection, task_queue=queue)
            executions = Executions(
                project=Project(name="test", root="/nowhere"),
                store=store,
                pubsub=cache.pubsub,
                orchestrator=lambda: orchestrator,
                clock=clock,
            )
            memories = Memories.of(cache, "test")
            performers = Performers(
                tools=tools,
                dispatching=Dispatching(executions),
                asking=Asking(models=ProviderModels.of_all(), memories=memories),
                memories=memories,
            )
            runs = TaskRuns(store=store, pubsub=cache.pubsub, performers=performers, clock=clock)
            stop, started = trio.Event(), trio.Event()
            work = partial(
                run_worker, connection, runs, task_queue=queue, concurrency=100, started=started.set, stop=stop.wait
            )
            async with beside(work):
                await started.wait()
                with trio.fail_after(60):
                    yield Program(executions, connection, host)

    return open_


@pytest.fixture
def stage():
    """Tools that hang, and what became of them."""
    sender, came = trio.open_memory_channel(1000)
    return Stage(came, sender)


@pytest.fixture
async def program(open_program, stage):
    """A program with the tools of all tests."""
    async with open_program(echo, fail, nap, stage.hang) as opened:
        yield opened
