"""Short work of siblings travels together, and nobody can tell."""

import pytest
import trio

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

NAMES = ("a", "b", "c")


def hanging(name):
    return {"id": name, "tool": "hang", "with": {"name": name}}


async def count_local_activities(program, exec_id):
    history = await program.ended_history(exec_id)
    return sum(event.HasField("marker_recorded_event_attributes") for event in history.events)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({}, 3),  # the container's begin, the three together, the end
        ({"strategy": "best_effort"}, 3),
        ({"strategy": "race"}, 5),
        ({"strategy": "fail_fast"}, 5),
        ({"max_workers": 3}, 5),
        ({"type": "composite"}, 5),
    ],
)
async def test_work_that_is_asked_for_at_once_travels_together_where_no_single_end_is_news(program, rest, expected):
    children = [{"id": name, "tool": "echo", "with": {"n": name}} for name in NAMES]

    execution = await program.run([{"id": "all", "type": "parallel", "tasks": children, **rest}])

    assert execution.workflow.status is Status.SUCCESS
    assert await count_local_activities(program, execution.workflow.exec_id) == expected


async def test_siblings_that_travel_together_run_at_once_and_are_recorded_as_they_end(program, stage):
    async with program.begun([{"id": "all", "type": "parallel", "tasks": list(map(hanging, NAMES))}]) as (
        exec_id,
        ended,
    ):
        async with program.executions.watch(exec_id) as changes:
            await stage.wait_for(*NAMES)
            stage.gates["b"].set()
            async for change in changes:
                if change.status is Status.SUCCESS:
                    break
            assert change.task_id == "b"
        for name in NAMES:
            stage.gates[name].set()
        execution = await ended()

    assert execution.workflow.status is Status.SUCCESS


async def test_each_is_tried_again_as_its_own_policy_says(program):
    children = [
        {"id": name, "tool": "fail", "retry": {"initial_interval": 0.01, "maximum_attempts": attempts}}
        for attempts, name in enumerate(NAMES, 1)
    ]

    execution = await program.run([{"id": "all", "type": "parallel", "tasks": children}])

    assert sorted((task.task_id, task.attempt) for task in execution.tasks[1:]) == [("a", 1), ("b", 2), ("c", 3)]
    assert execution.workflow.error.code == "CHILD_FAILED"
    await program.replay(execution.workflow.exec_id, keep_as="siblings-retried")


async def test_losers_that_travel_together_are_stopped_together(program, stage):
    group = {"id": "group", "type": "parallel", "tasks": list(map(hanging, NAMES))}
    quick = {"id": "quick", "tool": "nap", "with": {"seconds": 0.1}}

    with trio.fail_after(3):
        execution = await program.run([{"id": "all", "type": "parallel", "strategy": "race", "tasks": [group, quick]}])

    assert sorted(stage.stopped) == sorted(NAMES)
    assert {task.task_id: task.status for task in execution.tasks if task.task_id in NAMES} == dict.fromkeys(
        NAMES, Status.CANCELED
    )
    await program.replay(execution.workflow.exec_id, keep_as="siblings-canceled")


async def test_more_than_travel_together_go_several_times(program):
    children = [{"id": f"t{number}", "tool": "echo"} for number in range(260)]

    execution = await program.run([{"id": "all", "type": "parallel", "tasks": children}])

    assert execution.tasks[0].output["progress_info"]["success_count"] == 260
    assert await count_local_activities(program, execution.workflow.exec_id) == 4
