"""A workflow as boxes and arrows: its tasks, those in containers within them, and every way from one to another."""

from collections.abc import Iterator
from enum import StrEnum

import attrs

from compozy.domain.definitions import TaskDefinition, TaskType, WorkflowDefinition
from compozy.domain.json import JsonObject


class Way(StrEnum):
    """Why one task follows another."""

    SUCCESS = "success"
    ERROR = "error"
    ROUTE = "route"
    TIMEOUT = "timeout"
    ORDER = "order"
    """It is the next one in a composite task."""


@attrs.frozen(kw_only=True)
class Box:
    """One task.

    Attributes:
        id: The ids of the tasks around it and its own, with slashes between them; unique.
        task: Its id.
        type: What kind of work it is.
        does: What a basic task does: ``tool: double``; empty for the others.
        parent: The box that it is in; None at the top.
        is_container: Whether boxes are in it.
        is_first: Whether the execution begins with it.
        is_final: Whether nothing runs after it.
    """

    id: str
    task: str
    type: TaskType
    does: str = ""
    parent: str | None = None
    is_container: bool = False
    is_first: bool = False
    is_final: bool = False


@attrs.frozen(kw_only=True)
class Arrow:
    """One way from a box to another.

    Attributes:
        source: Where it begins: the id of a box.
        target: Where it ends, alike.
        way: Why it is taken.
        label: The key of a route; empty for the others.
    """

    source: str
    target: str
    way: Way
    label: str = ""


@attrs.frozen(kw_only=True)
class Graph:
    """A workflow as boxes and arrows.

    Attributes:
        workflow: Its id.
        boxes: Each before those in it, in the order of the file.
        arrows: In the order of the boxes that they begin at.
    """

    workflow: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def inside(self, parent: str | None) -> list[Box]:
        """Return the boxes directly in another one, or those at the top."""
        return [box for box in self.boxes if box.parent == parent]

    def as_json(self) -> JsonObject:
        """Return the graph as plain data."""
        return attrs.asdict(self)


def graph_of(workflow: WorkflowDefinition) -> Graph:
    """Return the graph of a workflow."""
    first = workflow.tasks[0].id
    boxes = [
        attrs.evolve(box, is_first=box.id == first) for task in workflow.tasks for box in _boxes(task, parent=None)
    ]
    arrows = [arrow for task in workflow.tasks for arrow in (*_arrows(task), *_order(task, task.id))]
    return Graph(workflow=workflow.id, boxes=tuple(boxes), arrows=tuple(arrows))


def _boxes(task: TaskDefinition, *, parent: str | None) -> Iterator[Box]:
    path = task.id if parent is None else f"{parent}/{task.id}"
    inner = _inner(task)
    yield Box(
        id=path,
        task=task.id,
        type=task.type,
        does=_does(task),
        parent=parent,
        is_container=bool(inner),
        is_final=task.final,
    )
    for child in inner:
        yield from _boxes(child, parent=path)


def _inner(task: TaskDefinition) -> tuple[TaskDefinition, ...]:
    """Return the tasks in this one: of a container, or the processor of a wait."""
    processor = task.wait.processor if task.wait is not None else None
    return task.tasks if processor is None else (processor,)


def _does(task: TaskDefinition) -> str:
    if task.tool is not None:
        return f"tool: {task.tool}"
    if task.ask is None:
        return ""
    return "prompt" if task.ask.agent is None else f"agent: {task.ask.agent.partition('@')[0]}"


def _arrows(task: TaskDefinition) -> Iterator[Arrow]:
    """Yield the ways from a task at the top. No tasks but those have any."""
    if task.final:
        return
    routes = task.router.routes if task.router is not None else {}
    for key, target in routes.items():
        yield Arrow(source=task.id, target=target, way=Way.ROUTE, label=key)
    found = (
        (Way.SUCCESS, task.on_success.next if task.on_success is not None else None),
        (Way.ERROR, task.on_error.next if task.on_error is not None else None),
        (Way.TIMEOUT, task.wait.on_timeout if task.wait is not None else None),
    )
    for way, following in found:
        if following is not None:
            yield Arrow(source=task.id, target=following, way=way)


def _order(task: TaskDefinition, path: str) -> Iterator[Arrow]:
    """Yield the order of the tasks in composites, at any depth."""
    if task.type is TaskType.COMPOSITE:
        for before, after in zip(task.tasks, task.tasks[1:], strict=False):
            yield Arrow(source=f"{path}/{before.id}", target=f"{path}/{after.id}", way=Way.ORDER)
    for child in task.tasks:
        yield from _order(child, f"{path}/{child.id}")
