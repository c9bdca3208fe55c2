"""Orders from outside are heeded at once, also while one short task follows another within a step of the workflow."""

import pytest
import trio

from compozy.domain.statuses import Status
from compozy.engine.steering import Steering

pytestmark = pytest.mark.slow

# The server holds back for four seconds what comes in while short work is done.
AT_ONCE_S = 1
HANGS = {"tool": "hang", "with": {"name": "{{ .task.id }}"}}
FIRST = {"id": "first", **HANGS, "on_success": {"next": "second"}}
SECOND = {"id": "second", **HANGS}

# Where an execution is when it is canceled: its tasks, and the tools that have begun by then.
PLACES = {
    "a task": ([FIRST, SECOND], ["first"]),
    "tasks that travel together": (
        [{"id": "all", "type": "parallel", "tasks": [{"id": "a", **HANGS}, {"id": "b", **HANGS}]}],
        ["a", "b"],
    ),
    "a part of a collection": (
        [
            {
                "id": "all",
                "type": "collection",
                "max_workers": 2,
                "collection": {"items": "1..300"},
                "tasks": [{"id": "c{{ .index }}", **HANGS}],
            }
        ],
        ["c0", "c1"],
    ),
}


@pytest.fixture
def steering(program):
    return Steering(program.executions)


@pytest.mark.parametrize("place", PLACES)
async def test_short_work_is_stopped_at_once_when_its_execution_is_canceled(program, steering, stage, place):
    tasks, begun = PLACES[place]
    async with program.begun(tasks) as (exec_id, ended):
        await stage.wait_for(*begun)
        with trio.fail_after(AT_ONCE_S):
            await steering.cancel(exec_id)
            execution = await ended()

    assert sorted(stage.stopped) == begun
    assert execution.workflow.status is Status.CANCELED
    assert {task.status for task in execution.tasks} == {Status.CANCELED}
    await program.replay(exec_id, keep_as=f"told-to-cancel-{place.replace(' ', '-')}")


async def test_no_task_begins_after_the_one_that_ran_when_its_execution_was_paused(program, steering, stage):
    async with program.begun([FIRST, SECOND]) as (exec_id, ended), program.executions.watch(exec_id) as changes:
        await stage.wait_for("first")
        await steering.pause(exec_id)
        stage.gates["first"].set()
        with trio.fail_after(AT_ONCE_S):
            async for change in changes:
                if change.status is Status.PAUSED:
                    break
        paused = await program.executions.get(exec_id)
        with trio.fail_after(AT_ONCE_S):
            await steering.resume(exec_id)
            await stage.wait_for("second")
        stage.gates["second"].set()
        execution = await ended()

    assert [task.task_id for task in paused.tasks] == ["first"]
    assert paused.workflow.status is Status.PAUSED
    assert execution.workflow.status is Status.SUCCESS
    await program.replay(exec_id, keep_as="told-to-pause")


async def test_an_execution_that_was_paused_and_resumed_during_one_task_goes_on_after_it(program, steering, stage):
    async with program.begun([FIRST, SECOND]) as (exec_id, ended):
        await stage.wait_for("first")
        await steering.pause(exec_id)
        await steering.resume(exec_id)
        stage.gates["first"].set()
        with trio.fail_after(AT_ONCE_S):
            await stage.wait_for("second")
        stage.gates["second"].set()
        execution = await ended()

    assert execution.workflow.status is Status.SUCCESS
