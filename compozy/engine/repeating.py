"""Repeating: an execution that takes up another one at a task, and sees the tasks before that as they ended there.

On record is what a task gave; what later tasks see of it is shaped by its ``outputs``, which are rendered again here.
The record of a container has its children's outputs as they are seen. An execution that repeats one which itself
repeats another sees what ended in any of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import uuid4

import attrs

from compozy.contracts.store import Repositories, Store
from compozy.domain.definitions import CONTAINERS, Project, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import InvalidError, NotFoundError, Problem
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.json import JsonObject
from compozy.domain.suggestions import did_you_mean
from compozy.domain.views import SKIPPED, TaskView
from compozy.domain.work import ExecutionRequest, TaskOutcome
from compozy.engine import conclusions, scopes
from compozy.templates import Sources


@attrs.frozen
class Runs:
    """The task runs of an execution, and of those that it repeats.

    Attributes:
        top: Those at the top that count, by task, in the order in which the workflow comes to them.
        inside: Those in a container, by its ``task_exec_id``, oldest first.
    """

    top: Mapping[str, TaskState]
    inside: Mapping[str, Sequence[TaskState]]

    def before(self, task_id: str) -> "Runs":
        """Return what ended before the execution came to a task.

        Raises:
            InvalidError: It did not come to it.
        """
        if task_id not in self.top:
            message = f"the execution did not come to task {task_id!r}"
            hint = f"it came to {', '.join(self.top)}" if self.top else "it came to no task; leave out from"
            raise InvalidError(Problem(key="from", message=message, hint=hint))
        names = list(self.top)
        kept = names[: names.index(task_id)]
        return Runs({name: self.top[name] for name in kept}, self.inside)


async def read_runs(store: Store, exec_id: str, definition: WorkflowDefinition) -> Runs:
    """Return the task runs of an execution, and of those that it repeats.

    Raises:
        NotFoundError: One of them is not on record any more.
        UnavailableError: The store cannot be reached now.
    """

    async def read(repos: Repositories) -> Runs:
        state, tasks = await repos.workflows.get_with_tasks(exec_id)
        generations = [tasks]
        while state.first_task is not None and state.parent_exec_id is not None:
            state, tasks = await repos.workflows.get_with_tasks(state.parent_exec_id)
            generations.append(tasks)
        return runs_of(definition, [run for tasks in reversed(generations) for run in tasks])

    return await store.read(read)


def runs_of(definition: WorkflowDefinition, tasks: Sequence[TaskState]) -> Runs:
    """Return what is on record of an execution, in order: times do not tell, for many are recorded at once.

    Args:
        definition: Its workflow.
        tasks: All task runs; of two of the same task the later one counts.
    """
    inside: dict[str, list[TaskState]] = {}
    top = {run.task_id: run for run in tasks if run.parent_id is None}
    for run in tasks:
        if run.parent_id is not None:
            inside.setdefault(run.parent_id, []).append(run)
    return Runs({name: top[name] for name in in_order(definition) if name in top}, inside)


def in_order(definition: WorkflowDefinition) -> list[str]:
    """Return the ids of the tasks at the top so that each comes after those that lead to it."""
    tasks = {task.id: task for task in definition.tasks}
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name not in seen and name in tasks:
            seen.add(name)
            for following in _successors(tasks[name]):
                visit(following)
            ordered.append(name)

    for name in reversed(tasks):
        visit(name)
    return ordered[::-1]


def _successors(task: TaskDefinition) -> Iterator[str]:
    for transition in (task.on_success, task.on_error):
        if transition is not None and transition.next is not None:
            yield transition.next
    if task.router is not None:
        yield from task.router.routes.values()
    if task.wait is not None and task.wait.on_timeout is not None:
        yield task.wait.on_timeout


async def read_earlier(
    store: Store, state: WorkflowState, definition: WorkflowDefinition, project: Project
) -> dict[str, TaskView]:
    """Return the tasks that an execution does not run, because the one that it repeats has, by id.

    Args:
        store: Where both are.
        state: The execution.
        definition: Its workflow.
        project: The project of the workflow.

    Raises:
        InvalidError: What it repeats is not on record any more, or does not fit the workflow as it is now.
        UnavailableError: The store cannot be reached now.
    """
    first = check_task(definition, state.first_task or "")
    try:
        runs = await read_runs(store, state.parent_exec_id or "", definition)
    except NotFoundError as error:
        raise InvalidError(f"it repeats an execution that is not on record any more: {error}") from error
    return earlier_views(state, definition, project, runs.before(first))


def check_task(definition: WorkflowDefinition, task_id: str) -> str:
    """Return the id when it is that of a task at the top.

    Raises:
        InvalidError: It is not.
    """
    known = [task.id for task in definition.tasks]
    if task_id not in known:
        message = f"workflow {definition.id!r} has no task {task_id!r} at the top"
        raise InvalidError(Problem(key="from", message=message, hint=did_you_mean(task_id, known)))
    return task_id


def earlier_views(
    state: WorkflowState, definition: WorkflowDefinition, project: Project, runs: Runs
) -> dict[str, TaskView]:
    """Return these runs as the templates of an execution see them, by task.

    Raises:
        InvalidError: The ``outputs`` of a task cannot be rendered any more.
    """
    request = ExecutionRequest(
        exec_id=state.exec_id,
        definition=definition,
        input=state.input,
        project={"name": project.name},
        accepted_at=state.created_at,
        env=dict(definition.env),
        trigger=state.trigger,
    )
    tasks = {task.id: task for task in definition.tasks}
    earlier: dict[str, TaskView] = {}
    for task_id, run in runs.top.items():
        scope = scopes.execution_scope(request, earlier)
        earlier[task_id] = _view(run, tasks[task_id], scope, runs, at=state.created_at)
    return earlier


def _view(run: TaskState, task: TaskDefinition, scope: JsonObject, runs: Runs, *, at: datetime) -> TaskView:
    is_skipped = task.condition is not None and run.output == SKIPPED
    outcome = TaskOutcome(status=run.status, output=run.output, error=run.error)
    if is_skipped:
        return TaskView(status=run.status, output=run.output, input=run.input, is_skipped=True)
    sources = Sources(now=lambda: at, uuid4=lambda: str(uuid4()))
    children = _children(run, runs) if task.type in CONTAINERS else None
    return conclusions.view_of(sources, task, run.input, outcome, scope={**scope, "with": run.input}, children=children)


def _children(container: TaskState, runs: Runs) -> dict[str, TaskView]:
    """Return the tasks in a container, whose record has their outputs; after several attempts, those of the last."""
    outputs = (container.output or {}).get("outputs", {})
    inside = runs.inside.get(container.task_exec_id, ())
    return {run.task_id: _child(run, outputs.get(run.task_id), runs) for run in inside}


def _child(run: TaskState, seen: JsonObject | None, runs: Runs) -> TaskView:
    if run.type not in CONTAINERS:
        return TaskView(status=run.status, output=seen, error=run.error, input=run.input)
    own = seen.get("output") if isinstance(seen, dict) else None
    return TaskView(status=run.status, output=own, error=run.error, input=run.input, children=_children(run, runs))
