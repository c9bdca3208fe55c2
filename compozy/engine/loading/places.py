"""Where a workflow file has templates and expressions, and what each of them sees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final

import attrs

from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath
from compozy.engine.loading.transitions import tasks_at_top

TEMPLATE_MARK: Final = "{{"
"""What makes a template of a text; where an expression may stand, too."""


class Kind(Enum):
    """What a value is."""

    TEMPLATES = auto()
    """A value with templates in it, at any depth."""
    CONDITION = auto()
    """An expression that must come to true or false."""
    EXPRESSION = auto()
    """An expression that may come to anything."""


@attrs.frozen(kw_only=True)
class Sight:
    """What a place sees besides what every place does.

    Attributes:
        tasks: Ids of the tasks that ``.tasks`` may have there; a task that ends after it is counted in.
        variables: Names that collections around it give to their items and numbers.
        containers: By the id of each task that is in a container: the container's id.
    """

    tasks: frozenset[str]
    variables: frozenset[str] = frozenset()
    containers: Mapping[str, str] = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class Place:
    """A value with templates, or an expression.

    Attributes:
        path: Where it is in the file.
        value: The value.
        kind: What it is; an expression with ``{{`` in it is a template.
        sight: What it sees.
    """

    path: KeyPath
    value: Json
    kind: Kind
    sight: Sight


def places_in(workflow: WorkflowFile) -> Iterator[Place]:
    """Yield every place of a workflow file that is rendered or evaluated, but for those of tools and agents.

    ``.tasks`` has the tasks at the top and, in a composite, the elder siblings, also for what is further in. Other
    tasks inside containers are addressed through their container.
    """
    top = tasks_at_top(workflow.tasks)
    containers = {child: parent for _, task in top for child, parent in _containers(task)}
    sight = Sight(tasks=frozenset(task.id for _, task in top), containers=containers)
    for path, task in top:
        yield from _of_task(path, task, sight)
    yield Place(path=("outputs",), value=workflow.outputs, kind=Kind.TEMPLATES, sight=sight)


def _of_task(path: KeyPath, task: TaskEntry, sight: Sight) -> Iterator[Place]:
    """Yield the places of a task, and of those in it but for the ones that stand at the top."""
    for below, value in _templates_of(task):
        yield Place(path=(*path, *below), value=value, kind=Kind.TEMPLATES, sight=sight)
    if task.condition is not None:
        kind = Kind.EXPRESSION if task.type == "router" else Kind.CONDITION
        yield _expression((*path, "condition"), task.condition, kind, sight)
    inner = attrs.evolve(sight, variables=sight.variables | loop_variables(task))
    if task.filter is not None:
        yield _expression((*path, "filter"), task.filter, Kind.CONDITION, inner)
    if task.task is not None:
        yield Place(path=(*path, "task", "id"), value=task.task.id, kind=Kind.TEMPLATES, sight=inner)
        yield from _of_task((*path, "task"), task.task, inner)
    if task.processor is not None:
        yield from _of_task((*path, "processor"), task.processor, sight)
    yield from _of_children(path, task, task.tasks or [], sight)


def _of_children(path: KeyPath, task: TaskEntry, children: Sequence[TaskEntry], sight: Sight) -> Iterator[Place]:
    # From within, a container has not ended, and says nothing of what is in it.
    others = {child: parent for child, parent in sight.containers.items() if parent != task.id}
    sight = attrs.evolve(sight, containers=others)
    for at, child in enumerate(children):
        yield from _of_task((*path, "tasks", at), child, sight)
        if task.type == "composite":
            sight = attrs.evolve(sight, tasks=sight.tasks | {child.id})


def _containers(task: TaskEntry) -> Iterator[tuple[str, str]]:
    for child in task.tasks or []:
        yield child.id, task.id
        yield from _containers(child)


def loop_variables(task: TaskEntry) -> frozenset[str]:
    """Return the names that a collection gives to an item and its number, besides ``item`` and ``index``."""
    return frozenset(name for name in (task.item_var, task.index_var) if name is not None)


def _expression(path: KeyPath, text: str, kind: Kind, sight: Sight) -> Place:
    return Place(path=path, value=text, kind=Kind.TEMPLATES if TEMPLATE_MARK in text else kind, sight=sight)


def _templates_of(task: TaskEntry) -> Iterable[tuple[KeyPath, Json]]:
    """Yield every value of a task whose templates are rendered, with its place below the task."""
    yield ("with",), task.with_
    yield ("outputs",), task.outputs
    yield ("env",), task.env
    yield ("prompt",), task.prompt
    yield ("items",), task.items
    yield ("key_template",), task.key_template
    yield ("payload",), task.payload
    yield ("wait_for",), task.wait_for
    for at, memory in enumerate(task.memory or []):
        yield ("memory", at, "key"), memory.key
    if task.signal is not None:
        yield ("signal", "id"), task.signal.id
        yield ("signal", "payload"), task.signal.payload
    for key, transition in (("on_success", task.on_success), ("on_error", task.on_error)):
        if transition is not None:
            yield (key, "with"), transition.with_
