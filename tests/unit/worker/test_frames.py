"""Where a task is in its execution."""

from datetime import UTC, datetime

import attrs

from compozy.domain.definitions import TaskDefinition, TaskType, WorkflowDefinition
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import ExecutionRequest
from compozy.worker.interpreter.frames import MAX_PARENTS, Frame

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TOP = Frame(
    request=ExecutionRequest(
        exec_id="E", definition=WorkflowDefinition(id="w", tasks=()), input={}, project={}, accepted_at=NOW
    ),
    scope={"tasks": {}},
)
STATE = TaskState(
    task_exec_id="t1",
    task_id="a",
    type=TaskType.PARALLEL,
    exec_id="E",
    workflow_id="w",
    status=Status.RUNNING,
    input={"n": 1},
    created_at=NOW,
    updated_at=NOW,
)


def inside(frame, task_id, *, attempt=1):
    task = TaskDefinition(id=task_id, type=TaskType.PARALLEL)
    return frame.inside(attrs.evolve(STATE, task_id=task_id), task, attempt=attempt)


def test_no_two_places_have_the_same_path_whatever_the_ids_of_children_are():
    paths = [
        TOP.path_of("a/b"),
        TOP.path_of("a%2Fb"),
        inside(TOP, "a").path_of("b"),
        inside(TOP, "a", attempt=2).path_of("b"),
        inside(TOP, "a@2").path_of("b"),
    ]

    assert paths == ["a%2Fb", "a%252Fb", "a/b", "a@2/b", "a%402/b"]


def test_tasks_that_end_in_a_container_are_not_seen_outside():
    inner = inside(TOP, "a")
    inner.scope["tasks"]["x"] = {}

    assert TOP.scope["tasks"] == {}
    assert inner.scope["parent"] == {"id": "a", "type": "parallel", "input": {"n": 1}}


def test_parents_are_seen_ten_levels_up():
    frame = TOP
    for number in range(15):
        frame = inside(frame, f"c{number}")
    seen, parent = [], frame.scope["parent"]
    while parent is not None:
        seen.append(parent["id"])
        parent = parent.get("parent")

    assert seen[:3] == ["c14", "c13", "c12"]
    assert len(seen) == MAX_PARENTS
