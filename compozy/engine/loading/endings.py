"""Warnings about the order of tasks: those that nothing comes to, and ``final`` where it does nothing."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import find_nearest
from compozy.engine.loading.gaps import knows_ways
from compozy.engine.loading.transitions import Edge, edges_of, reached_from, tasks_at_top

_PLURAL: Final = "routes"


def ending_warnings(document: Document, tasks: Sequence[TaskEntry]) -> Iterator[Problem]:
    """Yield where the tasks of a workflow end otherwise than they seem to.

    Args:
        document: The file.
        tasks: Its tasks; there may be something wrong with them.
    """
    top = tasks_at_top(tasks)
    for path, task in top:
        yield from _final(document, path, task)
        yield from _finals_inside(document, path, task, top=task.id)
    if knows_ways(document):
        yield from _unreached(document, top)


def unreached_tasks(tasks: Sequence[TaskEntry]) -> frozenset[str]:
    """Return the tasks at the top that no execution comes to which begins with the first."""
    top = tasks_at_top(tasks)
    return frozenset({task.id for _, task in top} - _reached(top))


def _final(document: Document, path: KeyPath, task: TaskEntry) -> Iterator[Problem]:
    keys = list(dict.fromkeys(str(edge.path[len(path)]) for edge in edges_of(task, path)))
    if task.final and keys:
        verb = "lead" if len(keys) > 1 or keys == [_PLURAL] else "leads"
        message = f"nothing runs after a final task: {' and '.join(keys)} of {task.id!r} {verb} nowhere"
        yield document.problem((*path, "final"), message, hint="remove the one or the other")


def _finals_inside(document: Document, path: KeyPath, task: TaskEntry, *, top: str) -> Iterator[Problem]:
    """Yield the tasks inside one that say that they are the last; those of routes are not inside."""
    routes = [below for below, _ in task.inline_routes]
    for below, child in task.children:
        if below in routes:
            continue
        if child.final:
            message = f"final has no effect inside {task.id!r}: what runs after {top!r} runs all the same"
            hint = f"remove it, or make {top!r} final"
            yield document.problem((*path, *below, "final"), message, hint=hint)
        yield from _finals_inside(document, (*path, *below), child, top=top)


def _unreached(document: Document, top: Sequence[tuple[KeyPath, TaskEntry]]) -> Iterator[Problem]:
    """Yield the tasks that nothing leads to, and those that only final tasks lead to.

    What only a task that nothing leads to leads to is not told: naming the one reaches the other.
    """
    edges = [edge for path, task in top for edge in edges_of(task, path)]
    named, led_to, reached = _named(top, edges), reached_from(top[0][1].id, edges), _reached(top)
    for path, task in top[1:]:
        if task.id in reached:
            continue
        if task.id not in named:
            message = f"the task {task.id!r} is never reached: nothing leads to it"
            hint = "name it in on_success.next or on_error.next of another task; the first task of the list starts"
            yield document.problem((*path, "id"), message, hint=hint)
        elif task.id in led_to:
            message = f"the task {task.id!r} is never reached: only final tasks lead to it"
            yield document.problem((*path, "id"), message, hint="remove final there, or the task")


def _named(top: Sequence[tuple[KeyPath, TaskEntry]], edges: Sequence[Edge]) -> Collection[str | None]:
    """Return the tasks that some task leads to, and those that it most likely means to."""
    ids = {task.id for _, task in top}
    # A misspelt name is told as such; what it was meant to name is not told again.
    return {edge.target if edge.target in ids else find_nearest(edge.target, ids - {edge.source}) for edge in edges}


def _reached(top: Sequence[tuple[KeyPath, TaskEntry]]) -> set[str]:
    edges = [edge for path, task in top if not task.final for edge in edges_of(task, path)]
    return reached_from(top[0][1].id, edges)
