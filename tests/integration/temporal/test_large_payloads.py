"""What is too large for Temporal reaches workflows and activities all the same: through the store, on a real server."""

import asyncio
import os
import signal
import sys
import textwrap
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs
import pytest
import trio
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from compozy.app import open_runtime
from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.contracts.store import Store
from compozy.domain.errors import ConflictError, InvalidError
from compozy.domain.executions import WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers import sqlite
from compozy.drivers.temporal.connection import dial, make_runtime

KB, MB = 1000, 1000 * 1000
QUEUE = "large"
SOON = timedelta(seconds=30)
QUICKLY = timedelta(seconds=1)  # what a worker that was killed holds up
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@activity.defn
async def make(size: int) -> str:  # noqa: ASYNC124 - on the loop
    """Return that many characters."""
    return "x" * size


@activity.defn
async def measure(text: str) -> int:  # noqa: ASYNC124 - on the loop
    """Return how many characters there are."""
    return len(text)


@activity.defn
async def note_progress() -> None:  # noqa: ASYNC124 - on the loop
    """Kill the process when it is one that was started for that."""
    if os.environ.get("DIES_ON_PROGRESS"):
        os.kill(os.getpid(), signal.SIGKILL)


@workflow.defn
class Relay:
    """Hands large values on in all the ways there are, and returns how many characters arrived by each."""

    def __init__(self) -> None:
        self.told: str | None = None

    @workflow.run
    async def run(self, text: str) -> dict[str, int]:
        made = await workflow.execute_local_activity(make, 8 * MB, start_to_close_timeout=SOON)
        measured = await workflow.execute_local_activity(measure, made, start_to_close_timeout=SOON)
        queued = await workflow.execute_activity(make, 3 * MB, start_to_close_timeout=SOON)
        queued_measured = await workflow.execute_activity(measure, queued, start_to_close_timeout=SOON)
        echoed = await workflow.execute_child_workflow(Echo.run, made, id=f"{workflow.info().workflow_id}/echo")
        await workflow.wait_condition(lambda: self.told is not None)
        return {
            "input": len(text),
            "local result": len(made),
            "local argument": measured,
            "queued result": len(queued),
            "queued argument": queued_measured,
            "child": len(echoed),
            "signal": len(self.told or ""),
        }

    @workflow.signal
    def tell(self, text: str) -> None:
        self.told = text

    @workflow.query
    def ask(self, text: str) -> str:
        return text


@workflow.defn
class Echo:
    """Returns its input."""

    @workflow.run
    async def run(self, text: str) -> str:
        return text


@workflow.defn
class Patient:
    """Makes a large value, waits to be told to go on, and returns how many characters it has then."""

    def __init__(self) -> None:
        self.goes_on = False

    @workflow.run
    async def run(self) -> int:
        made = await workflow.execute_activity(make, 8 * MB, start_to_close_timeout=SOON)
        await workflow.execute_local_activity(note_progress, start_to_close_timeout=SOON)
        await workflow.wait_condition(lambda: self.goes_on)
        return len(made)

    @workflow.signal
    def go_on(self) -> None:
        self.goes_on = True


@workflow.defn
class FanOut:
    """Runs many local activities at once and returns how many characters they made."""

    @workflow.run
    async def run(self, count: int, size: int) -> int:
        made = await asyncio.gather(
            *(
                workflow.execute_local_activity(
                    make, size, start_to_close_timeout=SOON, retry_policy=RetryPolicy(maximum_attempts=1)
                )
                for _ in range(count)
            )
        )
        return sum(map(len, made))


WORKFLOWS = [Relay, Echo, Patient, FanOut]


@attrs.frozen
class Scene:
    """A store, and a worker whose payloads it keeps."""

    host: AsyncioHost
    store: Store
    client: Client

    async def start(self, kind, *args, exec_id=None):
        """Start a workflow, of a new execution if none is named, eagerly, and return its handle."""
        start = partial(self.client.start_workflow, kind.run, args=args, task_queue=QUEUE, request_eager_start=True)
        return await self.host.call(partial(start, id=exec_id or await record(self.store)))

    async def run(self, kind, *args, exec_id=None):
        """Run a workflow to its end and return its result."""
        handle = await self.start(kind, *args, exec_id=exec_id)
        return await self.host.call(handle.result)

    async def history(self, workflow_id):
        return await self.host.call(self.client.get_workflow_handle(workflow_id).fetch_history)

    async def replay(self, history) -> None:
        async def replay():
            replayer = Replayer(
                workflows=WORKFLOWS,
                data_converter=self.client.data_converter,
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
            await replayer.replay_workflow(history)

        await self.host.call(replay)


async def record(store) -> str:
    """Record an execution and return its identifier."""
    state = WorkflowState(
        exec_id=new_exec_id(), workflow_id="w", status=Status.PENDING, input={}, created_at=NOW, updated_at=NOW
    )
    await store.transaction(lambda repositories: repositories.workflows.upsert(state))
    return state.exec_id


@asynccontextmanager
async def working(host, client, queue):
    """Work for the task queue while the body runs."""

    async def make_worker():  # noqa: ASYNC124 - on the loop
        return Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS,
            activities=[make, measure, note_progress],
            workflow_runner=UnsandboxedWorkflowRunner(),
            build_id="test",
            sticky_queue_schedule_to_start_timeout=QUICKLY,
        )

    worker = await host.call(make_worker)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(host.call, worker.run)
        yield
        await host.call(worker.shutdown)


@asynccontextmanager
async def open_scene(address, path, *, queue=QUEUE):
    """Open a store and work for a task queue, payloads in that store."""
    async with open_asyncio_host("test") as host, sqlite.open_store(path) as store:
        connection = await dial(host, address, namespace="default", runtime=make_runtime(), patience=SOON, store=store)
        async with working(host, connection.client, queue):
            yield Scene(host, store, connection.client)


def work_until_killed(address, path, queue):
    """Work for a task queue until the work itself ends the process; for a process of its own."""

    async def work():
        async with open_scene(address, path, queue=queue):
            await trio.sleep_forever()

    trio.run(work)


@pytest.fixture
async def scene(temporal_server, tmp_path):
    async with open_scene(temporal_server.address, tmp_path / "store.db") as scene:
        yield scene


@pytest.mark.slow
async def test_large_values_arrive_however_they_travel_and_the_history_holds_references(scene):
    handle = await scene.start(Relay, "i" * 5 * MB)
    await scene.host.call(handle.signal, Relay.tell, "s" * 3 * MB)
    arrived = await scene.host.call(handle.result)
    asked = await scene.host.call(handle.query, Relay.ask, "q" * 3 * MB)
    history = await scene.history(handle.id)

    assert arrived == {
        "input": 5 * MB,
        "local result": 8 * MB,
        "local argument": 8 * MB,
        "queued result": 3 * MB,
        "queued argument": 3 * MB,
        "child": 8 * MB,
        "signal": 3 * MB,
    }
    assert len(asked) == 3 * MB
    assert sum(event.ByteSize() for event in history.events) < 20 * KB
    await scene.replay(history)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "size"), [(60, 300 * KB), (300, 40 * KB)])
async def test_many_results_at_once_fit_into_one_message(scene, count, size):
    assert await scene.run(FanOut, count, size) == count * size


async def test_what_is_small_stays_in_the_history(scene):
    exec_id = await record(scene.store)
    await scene.run(Echo, "small " * 100, exec_id=exec_id)

    assert b"small small" in b"".join(event.SerializeToString() for event in (await scene.history(exec_id)).events)


async def test_an_execution_that_is_deleted_takes_its_payloads_and_does_not_go_on(scene):
    exec_id = await record(scene.store)
    start = partial(scene.client.start_workflow, Echo.run, "x" * MB, id=exec_id, task_queue=exec_id)
    handle = await scene.host.call(start)
    await scene.store.transaction(lambda repositories: repositories.workflows.delete(exec_id))

    async with working(scene.host, scene.client, exec_id):
        with pytest.raises(WorkflowFailureError) as failed:
            await scene.host.call(handle.result)

    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "PAYLOAD_GONE"
    assert "is gone from the store: it was deleted with its execution" in failed.value.cause.message


async def test_a_large_payload_of_an_execution_that_is_not_recorded_is_refused(scene):
    with pytest.raises(ConflictError, match="'absent' is not recorded"):
        await scene.run(Echo, "x" * MB, exec_id="absent")


@pytest.mark.slow
async def test_a_value_survives_the_death_of_the_process_that_made_it(temporal_server, tmp_path):
    path = tmp_path / "store.db"
    async with sqlite.open_store(path) as store:
        exec_id = await record(store)
    script = f"import runpy, sys; runpy.run_path({__file__!r})['work_until_killed'](*sys.argv[1:])"
    command = [sys.executable, "-c", script, temporal_server.address, str(path), exec_id]
    async with open_asyncio_host("test") as host:
        connection = await dial(
            host, temporal_server.address, namespace="default", runtime=make_runtime(), patience=SOON
        )
        start = partial(connection.client.start_workflow, Patient.run, id=exec_id, task_queue=exec_id)
        await host.call(partial(start, task_timeout=QUICKLY))
        ended = await trio.run_process(command, env={**os.environ, "DIES_ON_PROGRESS": "1"}, check=False)

    assert ended.returncode == -signal.SIGKILL
    async with open_scene(temporal_server.address, path, queue=exec_id) as scene:
        handle = scene.client.get_workflow_handle(exec_id)
        await scene.host.call(handle.signal, Patient.go_on)
        assert await scene.host.call(handle.result) == 8 * MB


PROJECT = {
    "compozy.yaml": """
        name: large
        mode: standalone
        limits: {max_payload_size: 9mb}
        workflows: [{source: workflow.yaml}]
        runtime: {entrypoint: tools.py}
    """,
    "tools.py": """
        def make(input):
            return {"text": "x" * input["size"]}

        def measure(input):
            return {"length": len(input["text"])}
    """,
    "workflow.yaml": """
        id: large
        tools: [{id: make}, {id: measure}]
        tasks:
          - id: made
            tool: make
            with: {size: "{{ .workflow.input.size }}"}
            on_success: {next: measured}
          - id: measured
            tool: measure
            with: {text: "{{ .tasks.made.output.text }}"}
        outputs: {length: "{{ .tasks.measured.output.length }}", text: "{{ .tasks.made.output.text }}"}
    """,
}


@pytest.mark.slow
async def test_a_large_result_reaches_the_next_task_and_the_output_and_one_too_large_fails_its_task(tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(textwrap.dedent(text))

    async with open_runtime(tmp_path) as runtime:
        with trio.fail_after(SOON.total_seconds()):
            ended = await runtime.executions.run("large", {"size": 8 * MB})
            refused = await runtime.executions.run("large", {"size": 9 * MB})
        with pytest.raises(InvalidError, match="more than 9000000"):
            await runtime.executions.run("large", {"padding": "x" * 9 * MB})

    assert ended.workflow.error is None
    assert ended.workflow.output["length"] == len(ended.workflow.output["text"]) == 8 * MB
    assert refused.workflow.status is Status.FAILED
    assert refused.workflow.error.code == "TOOL_OUTPUT_TOO_LARGE"
