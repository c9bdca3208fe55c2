"""Tasks inside containers that a place does not see under ``.tasks``: why not, and how to read them."""

from collections.abc import Iterator
from typing import Final

import attrs

from compozy.config.task_entry import TaskEntry

_CONTAINERS: Final = frozenset({"parallel", "collection", "composite"})


@attrs.frozen
class Hidden:
    """Why a task is not seen.

    Attributes:
        why: The end of a sentence that names it.
        hint: How to read it all the same, or what to change.
    """

    why: str
    hint: str


def is_container(task: TaskEntry) -> bool:
    """Tell whether a task holds others whose outputs are its own; one that forgot its type does, too."""
    return task.type in _CONTAINERS or task.tasks is not None or task.task is not None


def hidden_inside(task: TaskEntry) -> dict[str, Hidden]:
    """Return what is inside a task, at any depth, for places outside that see the task."""
    hidden = {
        child.id: Hidden(
            f"which is inside {parent.id!r}", f"write {way}.output, or .children.{child.id} in its own outputs"
        )
        for child, parent, way in _inside(task, f".tasks.{task.id}")
    }
    if task.processor is not None:
        hint = f"write .tasks.{task.id}.output.processor_output, or .processor.output in its condition"
        hidden[task.processor.id] = Hidden(f"which is the processor of {task.id!r}", hint)
    return hidden


def hidden_beside(container: TaskEntry, at: int) -> dict[str, Hidden]:
    """Return the siblings, with itself, that a task in a container does not see, and what is inside them."""
    hidden: dict[str, Hidden] = {}
    for position, child in enumerate(container.tasks or []):
        if container.type == "composite" and position < at:
            hidden |= hidden_inside(child)
            continue
        reason = _of_itself(child) if position == at else _of_sibling(container)
        hidden[child.id] = reason
        for task, parent, _ in _inside(child, ""):
            hidden[task.id] = Hidden(f"which is inside {parent.id!r}", reason.hint)
    return hidden


def _of_itself(task: TaskEntry) -> Hidden:
    own = ".output and .children" if is_container(task) else ".output"
    return Hidden("which is the task itself", f"only what follows {task.id!r} sees it; its own outputs see {own}")


def _of_sibling(container: TaskEntry) -> Hidden:
    if container.type == "composite":
        return Hidden("which runs after it", f"the tasks of {container.id!r} run in their order: put it before")
    hint = f"it can be read after {container.id!r}; in a composite, the tasks run one after another"
    return Hidden("which runs at the same time", hint)


def _inside(task: TaskEntry, way: str) -> Iterator[tuple[TaskEntry, TaskEntry, str]]:
    """Yield every task inside one, with the task that it is in and the way to it; of a collection's, what is inside."""
    for child in task.tasks or []:
        below = f"{way}.output.{child.id}"
        yield child, task, below
        yield from _inside(child, below)
    if task.task is not None:
        yield from _inside(task.task, f"{way}.output.ID")
