"""A project that init wrote, the command line called in this process, and executions as they are shown."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from compozy.cli.main import cli
from compozy.cli.running.views import TaskView, View
from compozy.cli.scaffolding import write_project
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def invoke():
    """Run ``compozy`` with these arguments; ``stdin=`` is its standard input."""

    def invoke(*arguments, stdin=None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, prog_name="compozy")

    return invoke


@pytest.fixture
def project(tmp_path):
    """Return the folder of a fresh project, named hello."""
    folder = tmp_path / "hello"
    write_project(folder)
    return folder


@pytest.fixture
def at():
    """Return a function from seconds after the beginning of an execution to that moment."""
    return lambda seconds: T0 + timedelta(seconds=seconds)


@pytest.fixture
def a_run(at):
    """Return a function that makes a run of a task, which began when its execution did; it is named like the task."""

    def make(task_id, status=Status.RUNNING, *, parent=None, seconds=0.0, reason=None, type_=None):
        return TaskView(
            task_exec_id=task_id,
            task_id=task_id,
            type=type_,
            parent_id=parent,
            status=status,
            reason=reason,
            started_at=T0,
            changed_at=at(seconds),
        )

    return make


@pytest.fixture
def a_view(at):
    """Return a function that makes an execution of these runs."""

    def make(*runs, status=Status.RUNNING, seconds=0.0):
        return View(
            exec_id="01E",
            workflow_id="greet",
            status=status,
            started_at=T0,
            changed_at=at(seconds),
            tasks={run.task_exec_id: run for run in runs},
        )

    return make


@pytest.fixture
def a_change(at):
    """Return a function that makes a change of a run that is named like its task, or of the execution itself."""

    def make(task_id, status, *, seconds, started=None, parent=None, reason=None, type_=None):
        return ExecutionEvent(
            exec_id="01E",
            workflow_id="greet",
            status=status,
            task_id=task_id,
            task_exec_id=task_id,
            parent_id=parent,
            type=type_,
            started_at=None if started is None else at(started),
            reason=reason,
            at=at(seconds),
        )

    return make
