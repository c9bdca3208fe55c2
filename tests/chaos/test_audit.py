"""The audit finds each breach of each law, and none where all is well."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status

from .audit import CHILDREN, LAWS, PARENT, WORK, Facts, Run, Seen, violations

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = BEGAN + timedelta(seconds=2)
TASKS = sorted({*WORK, PARENT})


def execution(exec_id):
    return WorkflowState(
        exec_id=exec_id,
        workflow_id="storm",
        status=Status.SUCCESS,
        input={},
        output={task_id: f"{exec_id}-{task_id}" for task_id in WORK},
        created_at=BEGAN,
        updated_at=ENDED,
    )


def task(exec_id, task_id):
    return TaskState(
        task_exec_id=f"{exec_id}/{task_id}",
        task_id=task_id,
        type=TaskType.PARALLEL if task_id == PARENT else TaskType.BASIC,
        exec_id=exec_id,
        workflow_id="storm",
        parent_id=f"{exec_id}/{PARENT}" if task_id in CHILDREN else None,
        status=Status.SUCCESS,
        input={},
        output={"run": f"{exec_id}-{task_id}"},
        created_at=BEGAN,
        updated_at=ENDED,
    )


def runs(exec_id, task_id):
    return [
        Run(exec_id=exec_id, task_id=task_id, run=f"{exec_id}-{task_id}", phase=phase, at=BEGAN + timedelta(seconds=1))
        for phase in ("began", "ended")
    ]


SOUND = Facts(
    seen={each: Seen(exec_id=each, status="SUCCESS", output=execution(each).output) for each in ("one", "two")},
    executions=[execution("one"), execution("two")],
    tasks=[task(exec_id, task_id) for exec_id in ("one", "two") for task_id in TASKS],
    runs=[line for exec_id in ("one", "two") for task_id in sorted(WORK) for line in runs(exec_id, task_id)],
    histories={"one": ["COMPLETED"], "two": ["COMPLETED"]},
    exits={"serve": 0},
)


def with_execution(**changes):
    return attrs.evolve(SOUND, executions=[attrs.evolve(execution("one"), **changes), execution("two")])


def with_task(task_id, **changes):
    place = TASKS.index(task_id)
    changed = attrs.evolve(SOUND.tasks[place], **changes)
    return attrs.evolve(SOUND, tasks=[*SOUND.tasks[:place], changed, *SOUND.tasks[place + 1 :]])


def with_run(**changes):
    return attrs.evolve(SOUND, runs=[*SOUND.runs, attrs.evolve(SOUND.runs[0], **changes)])


BREACHES = {
    "an execution failed": (with_execution(status=Status.FAILED), "every_execution_has_ended_well"),
    "an execution runs on": (with_execution(status=Status.RUNNING), "every_execution_has_ended_well"),
    "one more than wanted": (
        attrs.evolve(SOUND, executions=[*SOUND.executions, execution("three")]),
        "nothing_is_executed_twice",
    ),
    "one promised and lost": (attrs.evolve(SOUND, executions=[execution("one")]), "nothing_is_executed_twice"),
    "one for two keys": (attrs.evolve(SOUND, seen={**SOUND.seen, "3": SOUND.seen["one"]}), "nothing_is_executed_twice"),
    "another end was told": (
        attrs.evolve(SOUND, seen={**SOUND.seen, "one": Seen(exec_id="one", status="FAILED", output=None)}),
        "clients_are_told_what_is_recorded",
    ),
    "a task is left running": (
        with_task("quick", status=Status.RUNNING),
        "every_task_is_recorded_once_and_has_ended_well",
    ),
    "a task is missing": (
        attrs.evolve(SOUND, tasks=SOUND.tasks[1:]),
        "every_task_is_recorded_once_and_has_ended_well",
    ),
    "a task is there twice": (
        attrs.evolve(SOUND, tasks=[*SOUND.tasks, SOUND.tasks[0]]),
        "every_task_is_recorded_once_and_has_ended_well",
    ),
    "a child stands alone": (with_task("slow", parent_id=None), "children_stand_under_their_container"),
    "a result of nowhere": (with_task("finish", output={"run": "?"}), "the_recorded_result_is_that_of_a_run"),
    "an effect was lost": (
        attrs.evolve(SOUND, runs=[run for run in SOUND.runs if run.phase == "began"]),
        "the_recorded_result_is_that_of_a_run",
    ),
    "another result went on": (
        with_execution(output={**execution("one").output, "slow": "?"}),
        "what_follows_uses_the_recorded_results",
    ),
    "a run without an attempt": (with_run(run="again", at=BEGAN), "no_tool_runs_without_a_recorded_attempt"),
    "a run after the end": (
        with_run(run="again", at=ENDED + timedelta(seconds=1)),
        "what_has_ended_is_not_run_again",
    ),
    "temporal ran it twice": (
        attrs.evolve(SOUND, histories={**SOUND.histories, "one": ["COMPLETED", "COMPLETED"]}),
        "temporal_has_each_execution_once_and_ended",
    ),
    "temporal runs it still": (
        attrs.evolve(SOUND, histories={**SOUND.histories, "one": ["RUNNING"]}),
        "temporal_has_each_execution_once_and_ended",
    ),
    "temporal never had it": (
        attrs.evolve(SOUND, histories={"one": ["COMPLETED"]}),
        "temporal_has_each_execution_once_and_ended",
    ),
    "temporal has one more": (
        attrs.evolve(SOUND, histories={**SOUND.histories, "three": ["COMPLETED"]}),
        "temporal_has_each_execution_once_and_ended",
    ),
    "a process is left": (attrs.evolve(SOUND, left_over=["process 1 is left"]), "nothing_is_left_over"),
    "a death": (attrs.evolve(SOUND, deaths=["serve ended"]), "no_program_ends_by_itself"),
    "a bad exit": (attrs.evolve(SOUND, exits={"serve": 1}), "programs_that_are_asked_to_stop_end_well"),
}


def test_nothing_is_found_where_all_is_well():
    assert violations(SOUND) == []


@pytest.mark.parametrize(("facts", "law"), BREACHES.values(), ids=list(BREACHES))
def test_a_breach_is_found(facts, law):
    assert law in {each.__name__ for each in LAWS if list(each(facts))}


def test_there_is_a_breach_for_every_law():
    assert {law for _, law in BREACHES.values()} == {each.__name__ for each in LAWS}


def test_a_worker_that_was_given_up_may_still_be_at_work_for_a_while():
    late = with_run(run="again", at=ENDED + timedelta(seconds=1))

    allowed = attrs.evolve(late, overlap=timedelta(seconds=2))

    assert "what_has_ended_is_not_run_again" not in "".join(violations(allowed)).replace(" ", "_")
