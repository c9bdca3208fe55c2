"""What of a scope the templates and expressions of a task name: the rest need not travel with it."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from compozy.domain.definitions import TaskDefinition, WorkflowDefinition
from compozy.domain.json import Json, JsonObject
from compozy.templates import reads
from compozy.templates.cel import expression_references

Names: TypeAlias = tuple[str, ...]


def names_of(task: TaskDefinition, workflow: WorkflowDefinition) -> frozenset[Names]:
    """Return the paths that a task names, and the tasks in it, and all tools and agents of its workflow.

    The empty path is among them when something reads the scope as a whole.
    """
    paths: set[Names] = set()
    for template in (*_templates_of(task), *_shared_templates_of(workflow)):
        paths |= reads(template)
    for expression in _expressions_of(task):
        paths |= expression_references(expression)
    return frozenset(paths)


def _templates_of(task: TaskDefinition) -> Iterator[Json]:
    yield from (task.id, task.with_, task.outputs, task.env)
    if task.ask is not None:
        yield task.ask.prompt
    if task.collection is not None:
        yield task.collection.items
    if task.signal is not None:
        yield from (task.signal.name, task.signal.payload)
    if task.memory is not None:
        yield from (task.memory.key, task.memory.payload)
    if task.wait is not None:
        yield task.wait.name
    for inner in _inside(task):
        yield from _templates_of(inner)


def _expressions_of(task: TaskDefinition) -> Iterator[str]:
    yield task.condition or ""
    if task.collection is not None:
        yield task.collection.filter or ""
    if task.router is not None:
        yield task.router.expression
    if task.wait is not None:
        yield task.wait.condition or ""
    for inner in _inside(task):
        yield from _expressions_of(inner)


def _inside(task: TaskDefinition) -> Iterator[TaskDefinition]:
    yield from task.tasks
    if task.wait is not None and task.wait.processor is not None:
        yield task.wait.processor


def _shared_templates_of(workflow: WorkflowDefinition) -> Iterator[Json]:
    for tool in workflow.tools.values():
        yield from (tool.with_, tool.env)
    for agent in workflow.agents.values():
        yield agent.instructions
        yield from (action.prompt for action in agent.actions.values())
        yield from (memory.key for memory in agent.memory)


def pruned(scope: JsonObject, paths: Iterable[Names]) -> JsonObject:
    """Return of a scope what the paths lead to; the empty one leads to all of it.

    A path that leads nowhere keeps what it left off at, whole: the error says what exists there.

    >>> pruned({"tasks": {"a": {"x": 1}, "b": {}}, "env": {"K": "v"}, "item": 1}, [("tasks", "a"), ("env", "Q")])
    {'env': {'K': 'v'}, 'tasks': {'a': {'x': 1}}}
    """
    paths = set(paths)
    if () in paths:
        return scope
    kept: dict[str, Any] = {}
    # Shorter paths first: where one ends, all that is below is kept, and longer ones find it there.
    for path in sorted(paths, key=lambda path: (len(path), path)):
        _keep(scope, kept, path)
    return {name: kept[name] for name in sorted(kept)}


def _keep(value: Json, kept: dict[str, Any], path: Names) -> None:
    """Copy what the path leads to, and of what is on the way only that."""
    for position, name in enumerate(path):
        if type(value) is not dict or name not in value:
            return
        following = path[position + 1] if position + 1 < len(path) else None
        inner = value[name]
        if name in kept and kept[name] is inner:
            return
        if following is None or type(inner) is not dict or following not in inner:
            kept[name] = inner
            return
        kept = kept.setdefault(name, {})
        value = inner


def count_values(value: Json) -> int:
    """Return how many values there are in a value, itself included.

    >>> count_values({"a": [1, 2], "b": "text"})
    5
    """
    count, pending = 0, [value]
    while pending:
        current = pending.pop()
        count += 1
        if isinstance(current, dict):
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
    return count
