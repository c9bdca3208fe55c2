"""Where ``next`` leads: to tasks that exist, without circles, and to every task."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from compozy.config.documents import Document, KeyPath
from compozy.config.workflow_file import TaskEntry
from compozy.domain.errors import Problem
from compozy.domain.suggestions import did_you_mean


@attrs.frozen
class _Edge:
    """One ``next``: from where, and its place."""

    source: str
    target: str
    path: KeyPath


_Graph: TypeAlias = Mapping[str, Sequence[_Edge]]


def transition_problems(document: Document, tasks: Sequence[TaskEntry]) -> Iterator[Problem]:
    """Yield what is wrong with the order of the top-level tasks."""
    edges = list(_edges(tasks))
    ids = {task.id for task in tasks}
    for index, task in enumerate(tasks):
        for key in ("on_success", "on_error"):
            transition = getattr(task, key)
            if transition is not None and transition.with_ and transition.next is None:
                path = ("tasks", index, key, "with")
                yield document.problem(path, "has no effect without next", hint="name the task that runs next")
    for edge in edges:
        if edge.target not in ids:
            hint = did_you_mean(edge.target, ids - {edge.source})
            yield document.problem(edge.path, f"there is no task {edge.target!r}", hint=hint)
    graph = {task_id: [edge for edge in edges if edge.source == task_id and edge.target in ids] for task_id in ids}
    yield from _circles(document, tasks, graph)
    yield from _unreachable(document, tasks, edges)


def _edges(tasks: Sequence[TaskEntry]) -> Iterator[_Edge]:
    """Yield every ``next`` of the top-level tasks, in the order of the file's tasks."""
    for index, task in enumerate(tasks):
        for key, transition in (("on_success", task.on_success), ("on_error", task.on_error)):
            if transition is not None and transition.next is not None:
                yield _Edge(task.id, transition.next, ("tasks", index, key, "next"))


def _circles(document: Document, tasks: Sequence[TaskEntry], graph: _Graph) -> Iterator[Problem]:
    """Yield each ``next`` that leads back to a task on the way to it (depth first, without recursion)."""
    finished: set[str] = set()
    for task in tasks:
        trail: list[str] = []
        pending: list[Iterator[_Edge]] = []
        if task.id not in finished:
            trail, pending = [task.id], [iter(graph[task.id])]
        while pending:
            edge = next(pending[-1], None)
            if edge is None:
                pending.pop()
                finished.add(trail.pop())
            elif edge.target in trail:
                circle = " -> ".join([*trail[trail.index(edge.target) :], edge.target])
                hint = "let one of them end the workflow"
                yield document.problem(edge.path, f"the tasks run in a circle: {circle}", hint=hint)
            elif edge.target not in finished:
                trail.append(edge.target)
                pending.append(iter(graph[edge.target]))


def _unreachable(document: Document, tasks: Sequence[TaskEntry], edges: Sequence[_Edge]) -> Iterator[Problem]:
    """Yield the tasks that nothing names, but for the first one.

    What only such a task leads to is not reported: naming the one reaches the other. Nor is a circle beside the way,
    which is reported as a circle.
    """
    named = {edge.target for edge in edges}
    for index, task in enumerate(tasks):
        if index and task.id not in named and task.id != tasks[0].id:
            hint = "name it in on_success.next or on_error.next of another task; the first task of the list starts"
            yield document.problem(("tasks", index, "id"), f"the task {task.id!r} is never reached", hint=hint)
