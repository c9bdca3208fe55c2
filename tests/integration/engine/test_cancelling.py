"""What is not wanted any more is stopped, wherever it is, and its rows say so."""

import pytest
import trio

from compozy.domain.statuses import Status
from compozy.domain.work import PAUSE

pytestmark = pytest.mark.slow

CANCELED = Status.CANCELED
# A declared limit beyond 10 s makes the work queued; without one it is done within the step of the workflow.
LOCAL = {"id": "local", "tool": "hang", "with": {"name": "local"}}
QUEUED = {"id": "queued", "tool": "hang", "with": {"name": "queued"}, "timeout": 60.0}
NEVER = {"id": "never", "tool": "echo"}
# Longer than the heartbeat that tells a queued tool, far shorter than anything that ends it otherwise.
SOON_S = 3


def statuses_of(execution):
    return {task.task_id: task.status for task in execution.tasks}


@pytest.mark.parametrize("loser", [LOCAL, QUEUED])
@pytest.mark.parametrize(
    ("strategy", "decisive", "status"),
    [
        ("race", {"id": "first", "tool": "nap", "with": {"seconds": 0.1}}, Status.SUCCESS),
        ("fail_fast", {"id": "first", "tool": "fail", "with": {"after": 0.1}}, Status.FAILED),
    ],
)
async def test_losers_are_stopped_and_those_that_wait_never_begin(program, stage, strategy, decisive, status, loser):
    tasks = [
        {"id": "all", "type": "parallel", "strategy": strategy, "max_workers": 2, "tasks": [loser, decisive, NEVER]}
    ]

    with trio.fail_after(SOON_S):
        execution = await program.run(tasks)

    assert stage.stopped == [loser["id"]]
    assert statuses_of(execution) == {"all": status, loser["id"]: CANCELED, "first": status, "never": CANCELED}
    assert execution.workflow.status is status
    await program.replay(execution.workflow.exec_id, keep_as=f"loser-of-{strategy}-{loser['id']}")


async def test_a_container_that_runs_out_of_time_stops_what_is_in_it_and_keeps_what_has_ended(program, stage):
    inner = {"id": "inner", "type": "composite", "tasks": [LOCAL, NEVER]}
    quick = {"id": "quick", "tool": "echo", "with": {"n": 1}}
    tasks = [
        {
            "id": "all",
            "type": "parallel",
            "timeout": 0.3,
            "tasks": [inner, quick, QUEUED],
            "on_error": {"next": "after"},
        },
        {"id": "after", "type": "aggregate", "outputs": {"n": "{{ .tasks.all.children.quick.output.n }}"}},
    ]

    with trio.fail_after(SOON_S):
        execution = await program.run(tasks)

    assert sorted(stage.stopped) == ["local", "queued"]
    assert statuses_of(execution) == {
        "all": Status.TIMED_OUT,
        "inner": CANCELED,
        "local": CANCELED,
        "never": CANCELED,
        "quick": Status.SUCCESS,
        "queued": CANCELED,
        "after": Status.SUCCESS,
    }
    container = next(task for task in execution.tasks if task.task_id == "all")
    assert (container.error.code, container.output["progress_info"]["overall_status"]) == ("TIMED_OUT", "TIMED_OUT")
    assert execution.workflow.status is Status.SUCCESS
    assert execution.workflow.output["after"] == {"output": {"n": 1}}
    await program.replay(execution.workflow.exec_id, keep_as="container-timed-out")


async def test_all_attempts_together_have_a_limit(program):
    retry = {"initial_interval": 60.0, "maximum_attempts": 3}
    tasks = [{"id": "t", "tool": "fail", "retry": retry, "limits": {"schedule_to_close": 0.3}}]

    with trio.fail_after(SOON_S):
        execution = await program.run(tasks)

    [task] = execution.tasks
    assert (task.status, task.error.message) == (Status.TIMED_OUT, "it did not end within 300ms")
    assert execution.workflow.status is Status.TIMED_OUT


# Where an execution is when it is cancelled: its tasks, the tools that have begun by then, and how each task ends.
PLACES = {
    "in a queued tool": ([QUEUED], ["queued"], {"queued": CANCELED}),
    "in containers": (
        [
            {
                "id": "all",
                "type": "parallel",
                "tasks": [QUEUED, {"id": "inner", "type": "composite", "tasks": [LOCAL, NEVER]}],
            }
        ],
        ["queued", "local"],
        {"all": CANCELED, "queued": CANCELED, "inner": CANCELED, "local": CANCELED, "never": CANCELED},
    ),
    "in a part of a collection": (
        [
            {
                "id": "all",
                "type": "collection",
                "max_workers": 1,
                "collection": {"items": "1..300"},
                "tasks": [{**QUEUED, "id": "c{{ .index }}"}],
            }
        ],
        ["queued"],
        {"all": CANCELED, **{f"c{index}": CANCELED for index in range(300)}},
    ),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_canceled_execution_stops_what_runs_and_all_that_it_began_is_canceled(program, stage, place):
    tasks, begun, expected = PLACES[place]
    async with program.begun(tasks) as (exec_id, ended):
        await stage.wait_for(*begun)
        with trio.fail_after(SOON_S):
            await program.cancel(exec_id)
            execution = await ended()

    assert sorted(stage.stopped) == sorted(begun)
    assert statuses_of(execution) == expected
    assert execution.workflow.status is CANCELED
    assert execution.workflow.error.code == "CANCELED"
    await program.replay(exec_id, keep_as=f"canceled-{place.replace(' ', '-')}")


# What an execution waits for when it is cancelled: its tasks, and the task after whose end it waits.
WAITS = {
    "sleep": [{"id": "first", "tool": "echo", "sleep": 60.0, "on_success": {"next": "never"}}, NEVER],
    "sleep between siblings": [
        {"id": "all", "type": "composite", "tasks": [{"id": "first", "tool": "echo", "sleep": 60.0}, NEVER]}
    ],
}


@pytest.mark.parametrize("wait", WAITS)
async def test_a_canceled_execution_does_not_go_on_waiting(program, wait):
    async with program.begun(WAITS[wait]) as (exec_id, ended):
        await program.reaches(exec_id, "timer_started")
        with trio.fail_after(SOON_S):
            await program.cancel(exec_id)
            execution = await ended()

    assert execution.workflow.status is CANCELED
    assert statuses_of(execution)["first"] is Status.SUCCESS
    assert all(task.status.is_terminal for task in execution.tasks)
    await program.replay(exec_id, keep_as=f"canceled-in-{wait.replace(' ', '-')}")


async def test_a_wait_for_the_next_attempt_ends_with_the_execution(program):
    tasks = [{"id": "t", "tool": "fail", "retry": {"initial_interval": 60.0}}]
    async with program.begun(tasks) as (exec_id, ended):
        await program.reaches(exec_id, "timer_started")
        with trio.fail_after(SOON_S):
            await program.cancel(exec_id)
            execution = await ended()

    assert statuses_of(execution) == {"t": CANCELED}
    assert execution.workflow.status is CANCELED


async def test_an_execution_that_was_paused_can_be_canceled(program, stage):
    tasks = [{**QUEUED, "on_success": {"next": "never"}}, NEVER]
    async with program.begun(tasks) as (exec_id, ended):
        await stage.wait_for("queued")
        await program.signal(exec_id, PAUSE)
        await program.reaches(exec_id, "workflow_execution_signaled")
        stage.gates["queued"].set()
        await program.reaches(exec_id, "activity_task_completed")
        with trio.fail_after(SOON_S):
            await program.cancel(exec_id)
            execution = await ended()

    assert statuses_of(execution) == {"queued": Status.SUCCESS, "never": CANCELED}
    assert execution.workflow.status is CANCELED
    await program.replay(exec_id, keep_as="canceled-while-paused")
