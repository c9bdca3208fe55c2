"""The workflow that a schedule starts: what it is told before it has recorded its execution, it heeds afterwards."""

import json
import os
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import trio
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from compozy.domain.definitions import ScheduleDefinition
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.domain.work import PAUSE, RESUME, SCHEDULED_WORKFLOW, Due, DueRequest
from compozy.engine.schedules.starting import DueExecutions
from compozy.worker.scheduled import ScheduledWorkflow

pytestmark = pytest.mark.slow

YEARLY = ScheduleDefinition(cron="@yearly")
DUE = Due(workflow_id="nightly", schedule=YEARLY)
HISTORY = Path(__file__).parents[2] / "data" / "histories" / "scheduled.json"


async def start_before_any_worker(connection, queue):
    """Start what a schedule would, while nobody works on the queue, and return what tells it things."""
    start = partial(connection.client.start_workflow, SCHEDULED_WORKFLOW, DUE, id=new_exec_id(), task_queue=queue)
    return await connection.host.call(start)


async def test_one_that_is_canceled_before_it_is_recorded_is_recorded_as_canceled(connection, open_program, queue):
    handle = await start_before_any_worker(connection, queue)
    await connection.host.call(handle.cancel)
    async with open_program(nightly=YEARLY) as program:
        with pytest.raises(WorkflowFailureError) as failed:
            await connection.host.call(handle.result)

        state = await program.executions.state_of(handle.id)
        assert isinstance(failed.value.cause, CancelledError)
        assert (state.status, state.error.code) == (Status.CANCELED, "CANCELED")
        assert program.doors == {}


async def test_one_that_is_paused_before_it_is_recorded_begins_when_it_is_resumed(connection, open_program, queue):
    handle = await start_before_any_worker(connection, queue)
    await connection.host.call(handle.signal, PAUSE)
    async with open_program(nightly=YEARLY) as program:
        with trio.fail_after(10):
            while await program.status_of(handle.id) is not Status.PAUSED:  # noqa: ASYNC110 - nobody tells of it
                await trio.sleep(0.02)
        begun = dict(program.doors)
        await connection.host.call(handle.signal, RESUME)
        exec_id = await program.next_begun()
        program.doors[exec_id].set()

        assert begun == {}
        assert (await program.ended(exec_id)).workflow.status is Status.SUCCESS


async def test_it_is_recorded_once_however_often_that_is_tried(open_program):
    async with open_program(nightly=ScheduleDefinition(cron="@yearly", input={"n": 1})) as program:
        executions = program.executions
        times = iter([datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC), datetime(2027, 1, 1, 0, 9, tzinfo=UTC)])
        due = DueExecutions(project=executions.project, store=executions.store, clock=lambda: next(times))
        request = DueRequest(exec_id="e1", workflow_id="nightly", due_at=datetime(2027, 1, 1, tzinfo=UTC))

        first, again = [await due.accept(request) for _ in range(2)]

        assert first == again
        assert first.accepted_at == datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)
        assert first.trigger == {"type": "schedule", "name": "nightly", "scheduled_at": "2027-01-01T00:00:00Z"}
        assert len(await program.all_states("nightly")) == 1


async def test_its_history_is_carried_out_the_same_way_again(connection, open_program):
    async with open_program(nightly=YEARLY) as program:
        await program.kept.reconcile()
        await program.kept.run_now("nightly")
        exec_id = await program.next_begun()
        program.doors[exec_id].set()
        await program.ended(exec_id)
        handle = connection.client.get_workflow_handle(exec_id)
        await connection.host.call(handle.result)
        history = await connection.host.call(handle.fetch_history)
        replayer = Replayer(
            workflows=[ScheduledWorkflow],
            workflow_runner=UnsandboxedWorkflowRunner(),
            data_converter=connection.client.data_converter,
        )
        await connection.host.call(replayer.replay_workflow, history)

        if os.environ.get("COMPOZY_WRITE_HISTORIES"):
            recorded = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
            # Which process on which machine it was is nobody's business.
            HISTORY.write_text(re.sub(r'"\d+@[^"]+"', '"worker"', recorded) + "\n")
        assert HISTORY.exists(), "run: make histories"
