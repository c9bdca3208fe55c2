"""What is wrong with each task by itself: its keys by its type, what it names, its schemas, limits and ids."""

from collections.abc import Iterator, Sequence
from typing import Final

from compozy.config.documents import Document
from compozy.config.task_entry import TaskEntry
from compozy.config.task_types import ASKING, BELONGS, EXECUTORS, NEEDS, NULLABLE
from compozy.domain.definitions import MemoryOperation
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.engine.loading.gaps import is_whole, knows_sight
from compozy.engine.loading.item_rules import collection_problems, plain_id_problems
from compozy.engine.loading.naming import task_name_problems
from compozy.engine.loading.resource_rules import env_problems
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.schema_rules import schema_problems
from compozy.engine.loading.timing import option_problems

MAX_DEPTH: Final = 20
"""How many tasks deep a task may be."""

_WRITES: Final = frozenset({MemoryOperation.WRITE, MemoryOperation.APPEND})


def task_problems(document: Document, tasks: Sequence[TaskEntry], resources: Resources) -> Iterator[Problem]:
    """Yield what is wrong with each task by itself, at any depth.

    Args:
        document: The workflow file.
        tasks: The tasks of the workflow.
        resources: What they may name.
    """
    for index, task in enumerate(tasks):
        yield from plain_id_problems(document, ("tasks", index), task)
        yield from _problems_of(document, task, ("tasks", index), resources, depth=1)


def _problems_of(
    document: Document, task: TaskEntry, path: KeyPath, resources: Resources, *, depth: int
) -> Iterator[Problem]:
    if is_whole(document, path):
        yield from _key_problems(document, task, path)
    yield from task_name_problems(document, path, task, resources)
    yield from schema_problems(document, (*path, "input"), task.input, resources)
    yield from schema_problems(document, (*path, "output"), task.output, resources)
    yield from env_problems(document, (*path, "env"), task.env)
    yield from option_problems(document, (*path, "config"), task.config)
    if task.type == "collection":
        yield from collection_problems(document, path, task)
    if depth > MAX_DEPTH:
        yield document.problem(path, f"it is {depth} tasks deep, more than {MAX_DEPTH}", hint="flatten the workflow")
        return
    routes = [place for place, _ in task.inline_routes]
    for place, child in task.children:
        if place != ("task",):
            yield from plain_id_problems(document, (*path, *place), child)
        if place in routes:  # which stands at the top, where the route leads
            yield from _problems_of(document, child, (*path, *place), resources, depth=1)
            continue
        if knows_sight(document, path):
            yield from _inside_problems(document, task, child, (*path, *place))
        yield from _problems_of(document, child, (*path, *place), resources, depth=depth + 1)


def _key_problems(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield the keys that the task's type needs and does not have, or has and refuses."""
    others = _types_meant(task)
    if others:
        keys = " and ".join(key for key in BELONGS if _value_of(task, key) is not None)
        hint = f"write type: {' or '.join(others)}"
        yield document.problem((*path, "type"), f"is required with {keys}", hint=hint)
        return
    for key in NEEDS[task.type]:
        if _value_of(task, key) is None and not (key in NULLABLE and key in task.model_fields_set):
            yield document.problem((*path, key), f"is required for type: {task.type}")
    for key, types in BELONGS.items():
        if task.type not in types and _value_of(task, key) is not None:
            hint = f"it belongs to type: {' or '.join(types)}"
            yield document.problem((*path, key), f"has no meaning for type: {task.type}", hint=hint)
    if task.type == "basic":
        yield from _executor_problems(document, task, path)
    elif task.operation is not None:
        yield from _operation_problems(document, task, path)
    elif task.routes == {}:
        yield document.problem((*path, "routes"), "must not be empty", hint="write for example `default: next-task`")
    if task.on_timeout is not None and task.timeout is None:
        hint = "say after which time under timeout"
        yield document.problem((*path, "on_timeout"), "has no effect without timeout", hint=hint)


def _types_meant(task: TaskEntry) -> list[str]:
    """Return the types that have a meaning for every key of a task that names none, and does no work of its own."""
    present = [key for key in BELONGS if _value_of(task, key) is not None]
    if "type" in task.model_fields_set or not present:
        return []
    types = [type_ for type_ in NEEDS if all(type_ in BELONGS[key] for key in present)]
    return [] if task.type in types else types


def _operation_problems(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield the keys that an operation on a memory needs and does not have, or has and has no use for."""
    operation = MemoryOperation(task.operation or "")
    if operation in _WRITES and task.payload is None:
        yield document.problem((*path, "payload"), f"is required for operation: {operation}")
    for key, uses in (("payload", _WRITES), ("limit", {MemoryOperation.READ}), ("offset", {MemoryOperation.READ})):
        if operation not in uses and getattr(task, key) is not None:
            hint = f"it belongs to operation: {' or '.join(sorted(uses))}"
            yield document.problem((*path, key), f"has no meaning for operation: {operation}", hint=hint)


def _executor_problems(document: Document, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield what is wrong with who does the work of a basic task."""
    present = task.executor_keys
    if not present:
        hint = f"name one of {', '.join(EXECUTORS)}"
        if task.outputs is not None:
            hint += "; type: aggregate does without"
        yield document.problem((*path, "tool"), "is required for type: basic", hint=hint)
    elif "tool" in present and len(present) > 1:
        other = present[1]
        yield document.problem((*path, other), f"a task has either a tool or {_an(other)}", hint="remove one of them")
    elif task.agent is not None and task.action is None and task.prompt is None:
        hint = "name an action of the agent, or write a prompt"
        yield document.problem((*path, "action"), "is required with an agent", hint=hint)
    elif task.agent is None and task.action is not None:
        yield document.problem((*path, "action"), "has no meaning without an agent", hint="name the agent")
    if present == ["tool"]:
        for key in ASKING:
            if _value_of(task, key) is not None:
                hint = f"it belongs to a task with {' or '.join(EXECUTORS[1:])}"
                yield document.problem((*path, key), "has no meaning with a tool", hint=hint)


def _inside_problems(document: Document, parent: TaskEntry, task: TaskEntry, path: KeyPath) -> Iterator[Problem]:
    """Yield what a task inside another may not have: nothing at the top can follow it."""
    for key in ("on_success", "on_error", "on_timeout"):
        if getattr(task, key) is not None:
            hint = f"give {key} to the {parent.type} task"
            yield document.problem((*path, key), f"tasks inside a {parent.type} one have no successor", hint=hint)
    if task.type == "router":
        message = f"a router inside a {parent.type} task has nowhere to lead"
        yield document.problem((*path, "type"), message, hint="use condition on the tasks themselves")
    if parent.type == "wait" and task.type != "basic":
        yield document.problem((*path, "type"), "the processor of a wait is a basic task", hint="use type: basic")


def _value_of(task: TaskEntry, key: str) -> object:
    return getattr(task, "model" if key == "model_config" else key)


def _an(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
