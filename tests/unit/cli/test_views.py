"""What is known of an execution."""

from datetime import UTC, datetime, timedelta

import attrs

from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def task(task_exec_id, *, parent_id=None, status=Status.RUNNING, changed=0.0):
    return TaskView(
        task_exec_id=task_exec_id,
        task_id=f"task-{task_exec_id}",
        parent_id=parent_id,
        status=status,
        started_at=T0,
        changed_at=at(changed),
    )


def view(*tasks):
    return View(
        exec_id="E",
        workflow_id="w",
        status=Status.RUNNING,
        started_at=T0,
        changed_at=at(1),
        tasks={each.task_exec_id: each for each in tasks},
    )


def test_outline_puts_children_under_their_container_whatever_their_order():
    found = view(task("child", parent_id="box"), task("a"), task("box"), task("deep", parent_id="child"), task("b"))

    assert [(depth, each.task_exec_id) for depth, each in found.outline()] == [
        (0, "a"),
        (0, "box"),
        (1, "child"),
        (2, "deep"),
        (0, "b"),
    ]


def test_child_of_an_unknown_container_stands_at_the_top():
    assert [depth for depth, _ in view(task("x", parent_id="unknown")).outline()] == [0]


def test_ended_task_has_its_duration_and_a_running_one_that_of_now():
    ended = task("a", status=Status.FAILED, changed=3)

    assert ended.duration(at(100)) == timedelta(seconds=3)
    assert task("b").duration(at(100)) == timedelta(seconds=100)


def test_duration_is_never_negative():
    assert attrs.evolve(task("a"), started_at=at(5)).duration(T0) == timedelta()
