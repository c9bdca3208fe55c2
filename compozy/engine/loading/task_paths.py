"""What templates and expressions read of tasks: ids, tasks inside them and keys that cannot be there.

After ``.tasks.ID`` come the keys of a task; those of a container lead on to the tasks inside, by ``children`` and by
``output``. What is below the output of any other task, nobody knows before it has run.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import attrs

from compozy.config.task_entry import TaskEntry
from compozy.domain.statuses import Status
from compozy.domain.suggestions import did_you_mean
from compozy.domain.views import SKIPPED
from compozy.engine.loading.places import Sight
from compozy.engine.loading.sights import Hidden, is_container
from compozy.engine.rules.containers import progress

Names: TypeAlias = tuple[str, ...]
"""A path as :func:`compozy.templates.references` gives it."""

_KEYS: Final = ("error", "input", "output", "status")
_OWN: Final = ("output", *SKIPPED)
"""What the output of a container has besides the tasks in it."""

_PROGRESS: Final = tuple(progress([], total=0, status=Status.SUCCESS))


@attrs.frozen
class Stray:
    """A path that leads nowhere.

    Attributes:
        message: What is wrong, as the end of a sentence about a template or an expression.
        hint: The way out.
    """

    message: str
    hint: str


def stray_paths(named: frozenset[Names], sight: Sight) -> Iterator[Stray]:
    """Yield the paths that cannot lead anywhere, those with the same cause once.

    Args:
        named: The paths of a template or an expression.
        sight: What is seen where it stands.
    """
    found = (_stray(names, sight) for names in sorted(named))
    yield from dict.fromkeys(each for each in found if each is not None)


def _stray(names: Names, sight: Sight) -> Stray | None:
    match names:
        case ("tasks", task_id, *rest):
            return _of_task(task_id, rest, sight)
        case ("children", *rest) if sight.container is not None:
            return _of_children(sight.container, rest)
        case ("output", *rest) if sight.container is not None:
            return _of_raw_output(sight.container, rest)
    return None


def _of_task(task_id: str, rest: Sequence[str], sight: Sight) -> Stray | None:
    if task_id in sight.tasks:
        return _of_view(sight.tasks[task_id], rest)
    if sight.container is not None and task_id in _ids(sight.container):
        message = f"names the task {task_id!r}, which is inside {sight.container.id!r}"
        return Stray(message, f"write .children.{task_id}.output")
    hidden = sight.hidden.get(task_id) or Hidden("which does not exist", did_you_mean(task_id, sight.tasks))
    return Stray(f"names the task {task_id!r}, {hidden.why}", hidden.hint)


def _of_view(task: TaskEntry, rest: Sequence[str]) -> Stray | None:
    """Return what is wrong with what comes after a task."""
    below = {"children": _of_children, "output": _of_output} if is_container(task) else {}
    if not rest:
        return None
    if rest[0] in below:
        return below[rest[0]](task, rest[1:])
    return None if rest[0] in _KEYS else _no_key(task, rest[0])


def _no_key(task: TaskEntry, key: str) -> Stray:
    if key in _ids(task):
        return Stray(f"reads {key!r} of the task {task.id!r}", f"write children.{key}")
    if key == "children":
        return Stray(f"reads 'children' of {task.id!r}, which has no tasks in it", "write output")
    keys = (*_KEYS, "children") if is_container(task) else _KEYS
    return Stray(f"reads {key!r} of the task {task.id!r}, which no task has", did_you_mean(key, keys))


def _of_children(task: TaskEntry, rest: Sequence[str]) -> Stray | None:
    if not rest:
        return None
    child = _find_child(task, rest[0])
    return _no_child(task, rest[0], ()) if child is None else _of_view(child, rest[1:])


def _of_output(task: TaskEntry, rest: Sequence[str]) -> Stray | None:
    """Return what is wrong with what comes after the output of a container, as later tasks see it."""
    if not rest or rest[0] in _OWN:
        return None
    child = _find_child(task, rest[0])
    if child is None and rest[0] in (task.outputs or ()):
        message = f"reads {rest[0]!r} of the output of {task.id!r}, which has it further in"
        return Stray(message, f"write output.output.{rest[0]}")
    if child is None:
        own = _OWN[:1] if task.outputs is not None else ()
        return _no_child(task, rest[0], own)
    if len(rest) > 1 and rest[1] != "output":
        message = f"reads {rest[1]!r} of the output of {task.id!r}, which has only the output of {rest[0]!r}"
        is_key = rest[1] in _KEYS or rest[1] == "children"
        way = f"children.{rest[0]}.{rest[1]}" if is_key else f"output.{rest[0]}.output.{rest[1]}"
        return Stray(message, f"write .tasks.{task.id}.{way}" if is_key else f"write {way}")
    return _of_output(child, rest[2:]) if is_container(child) else None


def _of_raw_output(task: TaskEntry, rest: Sequence[str]) -> Stray | None:
    """Return what is wrong with what comes after the output of a container, as its own ``outputs`` see it."""
    match rest:
        case ("outputs", child_id, *more):
            child = _find_child(task, child_id)
            if child is None:
                return _no_child(task, child_id, ())
            return _of_output(child, more) if is_container(child) else None
        case ("progress_info", key, *_) if key not in _PROGRESS:
            return Stray(f"reads {key!r} of the progress of {task.id!r}", did_you_mean(key, _PROGRESS))
        case (key, *_) if key not in {"outputs", "progress_info"}:
            hint = (
                f"write .children.{key}.output"
                if key in _ids(task)
                else did_you_mean(key, ("outputs", "progress_info"))
            )
            return Stray(f"reads {key!r} of .output, which has the outputs of the tasks in {task.id!r}", hint)
    return None


def _find_child(task: TaskEntry, child_id: str) -> TaskEntry | None:
    """Return the task of this id; any may be that of an item of a collection."""
    if task.type == "collection":
        return task.task
    return next((child for child in task.tasks or [] if child.id == child_id), None)


def _no_child(task: TaskEntry, child_id: str, own: Sequence[str]) -> Stray:
    message = f"names the task {child_id!r}, which is not in {task.id!r}"
    return Stray(message, did_you_mean(child_id, [*_ids(task), *own]))


def _ids(task: TaskEntry) -> list[str]:
    return [child.id for child in task.tasks or []]
