"""What is known of one execution at one moment, wherever it runs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.json import Json
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent


@attrs.frozen(kw_only=True)
class TaskView:
    """One run of one task.

    Attributes:
        task_exec_id: The run.
        task_id: The task.
        parent_id: ``task_exec_id`` of the container it runs in; None at the top.
        status: Where it stands.
        error: Why it did not succeed, or None.
        started_at: When it began.
        changed_at: When it last changed; when it ended, if it has.
    """

    task_exec_id: str
    task_id: str
    parent_id: str | None = None
    status: Status
    error: str | None = None
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

    def after(self, event: ExecutionEvent) -> "View | None":
        """Return the view after this event, or None when the event is about a task that the view does not know.

        An event older than what is known changes nothing: it was under way when the view was taken.
        """
        if event.task_exec_id is None:
            return self if event.at < self.changed_at else attrs.evolve(self, status=event.status, changed_at=event.at)
        task = self.tasks.get(event.task_exec_id)
        if task is None:
            return None
        if event.at < task.changed_at:
            return self
        changed = attrs.evolve(task, status=event.status, changed_at=event.at)
        return attrs.evolve(self, tasks={**self.tasks, task.task_exec_id: changed})

    def outline(self) -> Iterator[tuple[int, TaskView]]:
        """Yield each task with its depth, a container right before its children.

        A child whose container is not known (yet) stands at the top.
        """
        children: dict[str | None, list[TaskView]] = {}
        for task in self.tasks.values():
            children.setdefault(task.parent_id if task.parent_id in self.tasks else None, []).append(task)
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
        parent_id=task.parent_id,
        status=task.status,
        error=task.error.message if task.error else None,
        started_at=task.created_at,
        changed_at=task.updated_at,
    )
