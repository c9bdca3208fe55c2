"""Which keys a task needs and may have, by its type, and that its tool exists."""

from collections.abc import Collection, Iterator, Sequence

from compozy.config.documents import Document, KeyPath
from compozy.config.task_types import TASK_RULES
from compozy.config.workflow_file import TaskEntry
from compozy.domain.errors import Problem
from compozy.domain.suggestions import did_you_mean


def task_problems(
    document: Document, tasks: Sequence[TaskEntry], tools: Collection[str] | None, *, parent: KeyPath = ()
) -> Iterator[Problem]:
    """Yield what is wrong with each task by itself, at any depth.

    Args:
        document: The workflow file.
        tasks: The tasks of the workflow, or of the container at ``parent``.
        tools: Ids of the tools that tasks may name; None when they are not known.
        parent: Where the container is.
    """
    for index, task in enumerate(tasks):
        path = (*parent, "tasks", index)
        yield from _key_problems(document, task, path)
        if task.tool is not None and tools is not None and task.tool not in tools:
            hint = did_you_mean(task.tool, tools)
            yield document.problem((*path, "tool"), f"there is no tool {task.tool!r}", hint=hint)
        if parent:
            yield from _successor_problems(document, task, path)
        yield from task_problems(document, task.tasks or [], tools, parent=path)


def _key_problems(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield the keys that the task's type needs and does not have, or has and refuses."""
    rule = TASK_RULES[task.type]
    if getattr(task, rule.needs) is None:
        yield document.problem((*path, rule.needs), f"is required for type: {task.type}")
    for key in rule.refuses:
        if getattr(task, key) is not None:
            yield document.problem((*path, key), f"has no meaning for type: {task.type}", hint=rule.hint)


def _successor_problems(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield the transitions of a task inside a container, where nothing follows anything."""
    for key in ("on_success", "on_error"):
        if getattr(task, key) is not None:
            hint = f"give {key} to the parallel task"
            yield document.problem((*path, key), "tasks inside a parallel one have no successor", hint=hint)
