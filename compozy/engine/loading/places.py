"""Where a workflow file has templates and expressions, and what each of them sees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final

import attrs

from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath
from compozy.engine.loading.sights import Hidden, hidden_beside, hidden_inside, is_container
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
        tasks: The tasks that ``.tasks`` may have there, by id; a task that ends after it is counted in.
        variables: Names that collections around it give to their items and numbers.
        hidden: Tasks that are somewhere, and not among these, by id.
        container: The one whose own ``outputs`` these are; its tasks are ``.children``.
        local: Which of the variables of the language are there that are not everywhere.
    """

    tasks: Mapping[str, TaskEntry]
    variables: frozenset[str] = frozenset()
    hidden: Mapping[str, Hidden] = attrs.Factory(dict)
    container: TaskEntry | None = None
    local: frozenset[str] = frozenset()

    def with_local(self, *names: str) -> "Sight":
        """Return the same with more variables of the language."""
        return attrs.evolve(self, local=self.local.union(names))


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

    ``.tasks`` has the tasks at the top and, in a composite, the elder siblings, also for what is further in; the
    composite's own ``outputs`` see all that are in it. Other tasks inside containers are addressed through their
    container.
    """
    top = tasks_at_top(workflow.tasks)
    hidden = {task_id: why for _, task in top for task_id, why in hidden_inside(task).items()}
    sight = Sight(tasks={task.id: task for _, task in top}, hidden=hidden)
    for path, task in top:
        yield from _of_task(path, task, sight)
    sight = sight.with_local("workflow_id", "workflow_exec_id", "status")
    yield Place(path=("outputs",), value=workflow.outputs, kind=Kind.TEMPLATES, sight=sight)


def _of_task(path: KeyPath, task: TaskEntry, sight: Sight) -> Iterator[Place]:
    """Yield the places of a task, and of those in it but for the ones that stand at the top."""
    for below, value in _templates_of(task):
        yield Place(path=(*path, *below), value=value, kind=Kind.TEMPLATES, sight=sight)
    yield from _afterwards(path, task, sight)
    if task.condition is not None:
        kind = Kind.EXPRESSION if task.type == "router" else Kind.CONDITION
        seen = sight.with_local("signal", "processor") if task.type == "wait" else sight
        yield _expression((*path, "condition"), task.condition, kind, seen)
    inner = attrs.evolve(sight, variables=sight.variables | loop_variables(task)).with_local("item", "index")
    if task.filter is not None:
        yield _expression((*path, "filter"), task.filter, Kind.CONDITION, inner)
    if task.task is not None:
        yield Place(path=(*path, "task", "id"), value=task.task.id, kind=Kind.TEMPLATES, sight=inner)
        yield from _of_task((*path, "task"), task.task, inner)
    if task.processor is not None:
        yield from _of_task((*path, "processor"), task.processor, sight.with_local("signal"))
    yield from _of_children(path, task, task.tasks or [], sight)


def _afterwards(path: KeyPath, task: TaskEntry, sight: Sight) -> Iterator[Place]:
    """Yield the places that are rendered when a task has ended."""
    elders = (task.tasks or []) if task.type == "composite" else []
    tasks = {**sight.tasks, **{child.id: child for child in elders}}
    holder = task if is_container(task) else None
    own = attrs.evolve(sight, tasks=tasks, container=holder).with_local("output", *(["children"] if holder else []))
    yield Place(path=(*path, "outputs"), value=task.outputs, kind=Kind.TEMPLATES, sight=own)
    for key, transition, local in (
        ("on_success", task.on_success, ("output",)),
        ("on_error", task.on_error, ("output", "error")),
    ):
        if transition is not None:
            seen = sight.with_local(*local)
            yield Place(path=(*path, key, "with"), value=transition.with_, kind=Kind.TEMPLATES, sight=seen)


def _of_children(path: KeyPath, task: TaskEntry, children: Sequence[TaskEntry], sight: Sight) -> Iterator[Place]:
    for at, child in enumerate(children):
        hidden = {**sight.hidden, **hidden_beside(task, at)}
        yield from _of_task((*path, "tasks", at), child, attrs.evolve(sight, hidden=hidden))
        if task.type == "composite":
            sight = attrs.evolve(sight, tasks={**sight.tasks, child.id: child})


def loop_variables(task: TaskEntry) -> frozenset[str]:
    """Return the names that a collection gives to an item and its number, besides ``item`` and ``index``."""
    return frozenset(name for name in (task.item_var, task.index_var) if name is not None)


def _expression(path: KeyPath, text: str, kind: Kind, sight: Sight) -> Place:
    return Place(path=path, value=text, kind=Kind.TEMPLATES if TEMPLATE_MARK in text else kind, sight=sight)


def _templates_of(task: TaskEntry) -> Iterable[tuple[KeyPath, Json]]:
    """Yield every value of a task whose templates are rendered, but for what is when it has ended, by its place."""
    yield ("with",), task.with_
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
