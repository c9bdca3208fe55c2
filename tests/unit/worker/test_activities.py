"""What is logged around an activity says whose it is, until the SDK is done with it."""

import asyncio
import dataclasses
import logging
from datetime import UTC, datetime, timedelta

import pytest
import trio
from temporalio.testing import ActivityEnvironment

from compozy.domain.definitions import TaskType
from compozy.domain.errors import UnavailableError
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import RecordRequest, TaskRequest, ToolWork
from compozy.telemetry.facts import bound_facts
from compozy.worker.activities import Activities

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TASK = TaskState(
    task_exec_id="t1",
    task_id="hello",
    type=TaskType.BASIC,
    exec_id="e1",
    workflow_id="greet",
    status=Status.RUNNING,
    input={},
    created_at=NOW,
    updated_at=NOW,
)


class Outage:
    """Task runs while the store cannot be reached."""

    async def run(self, _request):
        raise UnavailableError("the store is away")

    async def record(self, _request):
        raise UnavailableError("the store is away")


class NoOrders:
    """Orders that are never given."""

    async def obey(self, run, request):
        return await run(request)


class SameLoop:
    """A host whose other side is this one."""

    async def into_trio(self, fn, *args):
        return await fn(*args)


@pytest.fixture
def lines():
    """Return the facts under which each line was written, by its text."""
    found = {}

    class Handler(logging.Handler):
        def emit(self, record):
            found[record.getMessage()] = dict(bound_facts())

    handler = Handler()
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("activity", "request_", "facts"),
    [
        (
            "run_task",
            TaskRequest(task=TASK, work=ToolWork(tool_id="greet", config={}), timeout=timedelta(seconds=1)),
            {"exec_id": "e1", "workflow_id": "greet", "task_id": "hello", "task_exec_id": "t1"},
        ),
        ("record", RecordRequest(tasks=(TASK,)), {"exec_id": "e1", "workflow_id": "greet"}),
    ],
)
def test_lines_of_an_outage_name_the_execution_and_so_do_those_of_the_sdk_after_it(lines, activity, request_, facts):
    async def as_the_sdk_runs_it():
        with pytest.raises(UnavailableError):
            await getattr(Activities(SameLoop(), Outage(), trio.CapacityLimiter(1), NoOrders()), activity)(request_)
        logging.getLogger("temporalio.activity").warning("Completing activity as failed")

    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, is_local=True)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(environment.run(as_the_sdk_runs_it))

    assert lines["an activity is repeated until the outage is over"] == facts
    assert lines["Completing activity as failed"] == facts
    assert dict(bound_facts()) == {}
