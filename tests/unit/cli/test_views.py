"""What is known of an execution."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent

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


def event(status, *, task_exec_id=None, seconds=2.0):
    task_id = task_exec_id and f"task-{task_exec_id}"
    return ExecutionEvent(
        exec_id="E", workflow_id="w", status=status, task_id=task_id, task_exec_id=task_exec_id, at=at(seconds)
    )


def test_event_of_a_task_changes_that_task_alone():
    before = view(task("a"), task("b"))

    after = before.after(event(Status.SUCCESS, task_exec_id="a"))

    assert after.tasks == {"a": task("a", status=Status.SUCCESS, changed=2), "b": task("b")}
    assert before == view(task("a"), task("b"))


def test_event_of_an_unknown_task_asks_for_a_fresh_view():
    assert view(task("a")).after(event(Status.RUNNING, task_exec_id="z")) is None


@pytest.mark.parametrize("task_exec_id", [None, "a"])
def test_event_older_than_what_is_known_changes_nothing(task_exec_id):
    before = view(task("a", status=Status.SUCCESS, changed=1))

    assert before.after(event(Status.RUNNING, task_exec_id=task_exec_id, seconds=0.5)) is before


def test_event_of_the_execution_changes_its_status():
    after = view().after(event(Status.PAUSED))

    assert (after.status, after.changed_at) == (Status.PAUSED, at(2))


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
