"""Warnings about templates and expressions that can be read, and most likely find nothing.

A template may ask for what is not there (``if``, ``default``), and an input may have keys that its schema does not
list. So nothing here is an error, and of keys only those are told that are much like one that is known.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import attrs

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean, find_nearest
from compozy.engine.loading.endings import unreached_tasks
from compozy.engine.loading.orders import Order, order_of
from compozy.engine.loading.places import Kind, Place, places_in
from compozy.engine.loading.sights import is_container
from compozy.engine.loading.templating import named_in
from compozy.engine.loading.transitions import edges_of, tasks_at_top
from compozy.engine.schemas import properties_of

_LIKE: Final = 0.75  # how much: "user" is not "users" only now and then
_OUTPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "router": ("condition", "route_taken", "router_type"),
    "wait": ("wait_status", "signal", "processor_output"),
}
"""What tasks put out that have no ``outputs`` of their own, by their type."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "workflow": ("exec_id", "id", "input", "output", "status", "version"),
    "parent": ("id", "input", "parent", "type"),
    "error": ("code", "details", "message"),
}
"""What is in variables that are the same everywhere."""

_OF_TASK: Final = frozenset({"outputs", "prompt", "memory"})
"""Where ``.input`` is that of the task."""

_AFTERWARDS: Final = frozenset({"on_success", "on_error"})
"""What is rendered when the task has ended."""


@attrs.frozen
class _Finding:
    """What a template or an expression does in vain.

    Attributes:
        message: The end of a sentence about it.
        hint: The way out.
    """

    message: str
    hint: str


@attrs.frozen(kw_only=True)
class _Reader:
    """A place that reads something.

    Attributes:
        place: The place.
        task: The task at the top that it belongs to, at whatever depth; None for the outputs of the workflow.
        key: Under which of the task's keys it is.
        order: What may run before what.
    """

    place: Place
    task: TaskEntry | None = None
    key: str = ""
    order: Order

    def never_sees(self, task: TaskEntry) -> bool:
        """Tell whether a task at the top has never ended when this is rendered."""
        if self.task is None or task is self.task:
            return self.task is not None and self.key not in _AFTERWARDS
        return self.order.has(task) and not self.order.is_before(task.id, self.task.id)


def foresight_warnings(
    document: Document, workflow: WorkflowFile, input_schema: JsonObject | None, env: Collection[str]
) -> Iterator[Problem]:
    """Yield what templates and expressions read that is most likely never there.

    Args:
        document: The file.
        workflow: The same in its shape, in which nothing is wrong.
        input_schema: What the input of an execution must be.
        env: The variables that ``.env`` may have.
    """
    for reader in _readers(workflow):
        noun = "template" if reader.place.kind is Kind.TEMPLATES else "expression"
        for path, named in named_in(reader.place):
            found = [each for names in sorted(named) for each in _findings(names, reader, input_schema or {})]
            found += [each for names in sorted(named) for each in _of_roots(names, env)]
            for finding in dict.fromkeys(found):
                yield document.problem(path, f"the {noun} {finding.message}", hint=finding.hint)


def _readers(workflow: WorkflowFile) -> Iterator[_Reader]:
    top = dict(tasks_at_top(workflow.tasks))
    order = order_of(top.values(), [edge for path, task in top.items() for edge in edges_of(task, path)])
    unreached = unreached_tasks(workflow.tasks)
    for place in places_in(workflow):
        if place.value is None:
            continue
        owner = _owner(place.path, top)
        if owner is None:
            yield _Reader(place=place, order=order)
        elif top[owner].id not in unreached:
            yield _Reader(place=place, task=top[owner], key=str(place.path[len(owner)]), order=order)


def _owner(path: KeyPath, tasks: Collection[KeyPath]) -> KeyPath | None:
    """Return the longest beginning of a path that is one of these."""
    return next((path[:end] for end in range(len(path) - 1, 0, -1) if path[:end] in tasks), None)


def _findings(names: tuple[str, ...], reader: _Reader, input_schema: JsonObject) -> Iterator[_Finding]:
    match names:
        case ("workflow", "input", key, *_):
            yield from _of_input(key, input_schema)
        case ("input", key, *_) if _OF_TASK.isdisjoint(reader.place.path) or reader.task is None:
            yield from _of_input(key, input_schema)
        case ("tasks", task_id, *rest) if task_id in reader.place.sight.tasks:
            task = reader.place.sight.tasks[task_id]
            if reader.never_sees(task):
                yield _never(task, reader)
            elif len(rest) > 1 and rest[0] == "output":
                yield from _of_output(task, rest[1:])


def _of_roots(names: tuple[str, ...], env: Collection[str]) -> Iterator[_Finding]:
    """Yield a key that is not among the few of a variable, and a variable of ``.env`` that looks misspelt."""
    match names:
        case ("env", name, *_) if name not in env:
            meant = find_nearest(name, env, likeness=_LIKE)
            if meant is not None:
                yield _Finding(f"reads {name!r} of .env", f"did you mean {meant!r}?")
        case (root, key, *_) if key not in _KEYS.get(root, (key,)):
            yield _Finding(f"reads {key!r} of {root!r}", did_you_mean(key, _KEYS[root]))


def _of_input(key: str, schema: JsonObject) -> Iterator[_Finding]:
    known = properties_of(schema)
    if key in known or not known or "patternProperties" in schema:
        return
    message = f"reads {key!r} of the input, which config.input does not list"
    if schema.get("additionalProperties") is False:
        yield _Finding(message, did_you_mean(key, known))
    elif (meant := find_nearest(key, known, likeness=_LIKE)) is not None:
        yield _Finding(message, f"did you mean {meant!r}?")


def _of_output(task: TaskEntry, rest: Sequence[str]) -> Iterator[_Finding]:
    key = rest[0]
    if is_container(task):
        if key in (task.outputs or ()) and key != "output":
            message = f"reads {key!r} of the output of {task.id!r}, which has it further in"
            yield _Finding(message, f"write output.output.{key}")
        if key != "output" or len(rest) == 1:
            return
        key = rest[1]
    known = task.outputs if task.outputs is not None else _OUTPUTS.get(task.type, ())
    meant = None if key in known else find_nearest(key, known, likeness=_LIKE)
    if meant is not None:
        yield _Finding(f"reads {key!r} of the output of {task.id!r}", f"did you mean {meant!r}?")


def _never(task: TaskEntry, reader: _Reader) -> _Finding:
    if task is reader.task:
        return _Finding(f"names the task {task.id!r}, which has not ended there", "its own outputs see .output")
    here = reader.task.id if reader.task is not None else ""
    hint = f"nothing that {task.id!r} leads to leads to {here!r}"
    return _Finding(f"names the task {task.id!r}, which never runs before {here!r}", hint)
