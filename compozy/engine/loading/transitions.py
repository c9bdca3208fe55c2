"""Where ``next`` leads: to tasks that exist, and without circles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.gaps import is_whole, knows_tasks


@attrs.frozen
class Edge:
    """One ``next``: from where, and its place."""

    source: str
    target: str
    path: KeyPath


_Graph: TypeAlias = Mapping[str, Sequence[Edge]]


def transition_problems(document: Document, tasks: Sequence[TaskEntry]) -> Iterator[Problem]:
    """Yield what is wrong with the order of the top-level tasks."""
    top = tasks_at_top(tasks)
    edges = [edge for place, task in top for edge in edges_of(task, place)]
    ids = {task.id for _, task in top}
    for place, task in top:
        if is_whole(document, place):
            yield from _transition_problems(document, place, task)
    for edge in edges:
        if edge.target not in ids and knows_tasks(document):
            hint = did_you_mean(edge.target, ids - {edge.source})
            yield document.problem(edge.path, f"there is no task {edge.target!r}", hint=hint)
    graph: dict[str, list[Edge]] = {task_id: [] for task_id in ids}
    for edge in edges:
        if edge.target in ids:
            graph[edge.source].append(edge)
    yield from _circles(document, [task for _, task in top], graph)


def _transition_problems(document: Document, place: KeyPath, task: TaskEntry) -> Iterator[Problem]:
    """Yield the keys of a task's transitions that have no effect."""
    if task.routes and task.on_success is not None and task.on_success.next is not None:
        hint = "make it one of the routes"
        yield document.problem((*place, "on_success", "next"), "a router leads where its routes do", hint=hint)
    for key, transition in (("on_success", task.on_success), ("on_error", task.on_error)):
        is_of_routes = key == "on_success" and bool(task.routes)
        if transition is not None and transition.with_ and transition.next is None and not is_of_routes:
            hint = "name the task that runs next"
            yield document.problem((*place, key, "with"), "has no effect without next", hint=hint)


def tasks_at_top(tasks: Sequence[TaskEntry]) -> list[tuple[KeyPath, TaskEntry]]:
    """Return the tasks at the top, each with its place: those of the list, and those written down in routes."""
    top: list[tuple[KeyPath, TaskEntry]] = [(("tasks", index), task) for index, task in enumerate(tasks)]
    for place, task in top:  # grows meanwhile
        top += [((*place, *below), route) for below, route in task.inline_routes]
    return top


def edges_of(task: TaskEntry, place: KeyPath) -> Iterator[Edge]:
    """Yield every way from a task to another, in the order of their keys."""
    for key, transition in (("on_success", task.on_success), ("on_error", task.on_error)):
        if transition is not None and transition.next is not None:
            yield Edge(task.id, transition.next, (*place, key, "next"))
    for key, route in (task.routes or {}).items():
        yield Edge(task.id, route if isinstance(route, str) else route.id, (*place, "routes", key))
    if task.on_timeout is not None:
        yield Edge(task.id, task.on_timeout, (*place, "on_timeout"))


def reached_from(start: str, edges: Iterable[Edge]) -> set[str]:
    """Return the tasks that some way leads to, the first one included."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.source, []).append(edge.target)
    reached, waiting = {start}, [start]
    while waiting:
        new = [target for target in following.get(waiting.pop(), ()) if target not in reached]
        reached.update(new)
        waiting += new
    return reached


def _circles(document: Document, tasks: Sequence[TaskEntry], graph: _Graph) -> Iterator[Problem]:
    """Yield each ``next`` that leads back to a task on the way to it (depth first, without recursion).

    It counts among tasks that nothing leads to as well: an execution that repeats an earlier one begins at any task
    that the earlier one came to, and the file may have changed since.
    """
    finished: set[str] = set()
    for task in tasks:
        trail: dict[str, Iterator[Edge]] = {}  # in the order of the way
        if task.id not in finished:
            trail[task.id] = iter(graph[task.id])
        while trail:
            last = next(reversed(trail))
            edge = next(trail[last], None)
            if edge is None:
                del trail[last]
                finished.add(last)
            elif edge.target in trail:
                way = list(trail)
                circle = " -> ".join([*way[way.index(edge.target) :], edge.target])
                hint = "let one of them end the workflow"
                yield document.problem(edge.path, f"the tasks run in a circle: {circle}", hint=hint)
            elif edge.target not in finished:
                trail[edge.target] = iter(graph[edge.target])
