"""The items of a collection under way, and the task that is run for each."""

from collections.abc import Sequence
from typing import Final

import attrs

from compozy.domain.definitions import CollectionDefinition, CollectionMode, TaskDefinition
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.json import Json, JsonObject
from compozy.domain.work import CollectionItem
from compozy.engine import scopes
from compozy.engine.naming import count_values, pruned
from compozy.engine.rules.items import child_ids, items_of
from compozy.templates import reads, render
from compozy.templates.cel import expression_references
from compozy.worker.interpreter.children import Child, Pace
from compozy.worker.interpreter.frames import Frame
from compozy.worker.interpreter.patience import Breath
from compozy.worker.interpreter.runs import Runner, TaskRun

_FAILED: Final = "ITEMS_INVALID"


async def collected(runner: Runner, run: TaskRun, frame: Frame) -> Sequence[CollectionItem]:
    """Return what the collection runs its task for: the items that its filter keeps, with the ids of their tasks.

    Items are counted after the filter, so that the numbers have no holes.

    Args:
        runner: What runs it.
        run: Its run.
        frame: Where its children run.

    Raises:
        TaskError: ``ITEMS_INVALID``: they cannot be counted, filtered, or named apart.
    """
    definition = definition_of(run.task)
    try:
        with scopes.placed("items"):
            rendered = render(definition.items, run.scope, sources=runner.sources)
            items = items_of(rendered, order=runner.sources.in_order)
        with scopes.placed("filter"):
            kept = await _kept(runner, definition, items, run.scope)
        with scopes.placed("task.id"):
            ids = await _ids(runner, run.task, kept, frame)
    except InvalidError as error:
        raise TaskError(str(error), error_code=_FAILED) from error
    return [CollectionItem(child_id=child_id, index=index, item=kept[index]) for index, child_id in enumerate(ids)]


async def _kept(runner: Runner, definition: CollectionDefinition, items: list[Json], scope: JsonObject) -> list[Json]:
    if definition.filter is None:
        return items
    breath = Breath.for_reading(count_values(pruned(scope, expression_references(definition.filter))))
    kept = []
    for index, item in enumerate(items):
        await breath.after(index)
        if scopes.holds(runner.sources, definition.filter, {**scope, **_variables(definition, item, index)}):
            kept.append(item)
    return kept


async def _ids(runner: Runner, task: TaskDefinition, items: list[Json], frame: Frame) -> Sequence[str]:
    definition = definition_of(task)
    breath = Breath.for_reading(count_values(pruned(frame.scope, reads(task.tasks[0].id))))
    rendered = []
    for index, item in enumerate(items):
        await breath.after(index)
        scope = {**frame.scope, **_variables(definition, item, index)}
        rendered.append(render(task.tasks[0].id, scope, sources=runner.sources))
    return child_ids(rendered)


def children_of(task: TaskDefinition, items: Sequence[CollectionItem], frame: Frame) -> list[Child]:
    """Return the tasks that a collection runs for these items."""
    definition, child = definition_of(task), task.tasks[0]
    return [
        Child(attrs.evolve(child, id=item.child_id), frame.seeing(_variables(definition, item.item, item.index)))
        for item in items
    ]


def pace_of(task: TaskDefinition) -> Pace:
    """Return how the children of a collection follow one another."""
    definition = definition_of(task)
    if definition.mode is CollectionMode.SEQUENTIAL:
        return Pace(at_once=1, is_sequence=True)
    return Pace(at_once=task.max_workers, batch=definition.batch)


def definition_of(task: TaskDefinition) -> CollectionDefinition:
    """Return what a collection runs its child for."""
    assert task.collection is not None  # noqa: S101 - the loader refuses a collection without items
    return task.collection


def _variables(definition: CollectionDefinition, item: Json, index: int) -> JsonObject:
    return {"item": item, "index": index, definition.item_var: item, definition.index_var: index}
