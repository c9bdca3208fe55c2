"""What is known of one execution at one moment, wherever it runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.json import Json
from compozy.domain.statuses import Status
from compozy.engine.events import reason_of


@attrs.frozen(kw_only=True)
class TaskView:
    """One run of one task.

    Attributes:
        task_exec_id: The run.
        task_id: The task.
        type: What kind of work it is; None when a server of an earlier version does not say.
        parent_id: ``task_exec_id`` of the container it runs in; None at the top.
        status: Where it stands.
        reason: Why it did not succeed, or did nothing; None otherwise.
        started_at: When it began.
        changed_at: When it last changed; when it ended, if it has.
    """

    task_exec_id: str
    task_id: str
    type: TaskType | None = None
    parent_id: str | None = None
    status: Status
    reason: str | None = None
    started_at: datetime
    changed_at: datetime

    def duration(self, now: datetime) -> timedelta:
        """Return how long it ran, or has been running by ``now``; never negative, whatever the clocks say."""
        end = self.changed_at if self.status.is_terminal else now
        return max(end - self.started_at, timedelta())


@attrs.frozen(kw_only=True)
class View:
    """One execution and its tasks, oldest first.

    Attributes:
        exec_id: The execution.
        workflow_id: Its workflow.
        status: Where it stands.
        output: What it gave; None until it has ended well.
        error: Why it did not succeed, or None.
        started_at: When it was accepted.
        changed_at: When it last changed.
        tasks: The runs of its tasks by ``task_exec_id``, children included; not to be changed.
    """

    exec_id: str
    workflow_id: str
    status: Status
    output: Json = None
    error: str | None = None
    started_at: datetime
    changed_at: datetime
    tasks: Mapping[str, TaskView] = attrs.Factory(dict)

    def outline(self) -> Iterator[tuple[int, TaskView]]:
        """Yield each task with its depth, a container right before its children."""
        return outlined(self.tasks)


def outlined(tasks: Mapping[str, TaskView]) -> Iterator[tuple[int, TaskView]]:
    """Yield each task with its depth, a container right before its children.

    A child whose container is not among them (yet) stands at the top.

    Args:
        tasks: By ``task_exec_id``, in the order in which those of one container are to come.
    """
    children: dict[str | None, list[TaskView]] = {}
    for task in tasks.values():
        children.setdefault(task.parent_id if task.parent_id in tasks else None, []).append(task)
    stack = [(0, task) for task in reversed(children.get(None, []))]
    while stack:
        depth, task = stack.pop()
        yield depth, task
        stack += [(depth + 1, child) for child in reversed(children.get(task.task_exec_id, []))]


def view_of(workflow: WorkflowState, tasks: Iterable[TaskState]) -> View:
    """Return the view of what is recorded."""
    return View(
        exec_id=workflow.exec_id,
        workflow_id=workflow.workflow_id,
        status=workflow.status,
        output=workflow.output,
        error=workflow.error.message if workflow.error else None,
        started_at=workflow.created_at,
        changed_at=workflow.updated_at,
        tasks={task.task_exec_id: _task_view_of(task) for task in tasks},
    )


def _task_view_of(task: TaskState) -> TaskView:
    return TaskView(
        task_exec_id=task.task_exec_id,
        task_id=task.task_id,
        type=task.type,
        parent_id=task.parent_id,
        status=task.status,
        reason=reason_of(task),
        started_at=task.created_at,
        changed_at=task.updated_at,
    )
