"""What of a definition is rendered or evaluated while an execution runs."""

from collections.abc import Iterator

from compozy.domain.definitions import TaskDefinition, WorkflowDefinition
from compozy.domain.json import Json
from compozy.engine.loading.places import TEMPLATE_MARK


def all_tasks(tasks: tuple[TaskDefinition, ...]) -> Iterator[TaskDefinition]:
    """Yield the tasks and all inside them."""
    for task in tasks:
        yield task
        yield from all_tasks(task.tasks)
        if task.wait is not None and task.wait.processor is not None:
            yield task.wait.processor


def templates_in(definition: WorkflowDefinition) -> Iterator[Json]:
    """Yield the values of a workflow whose templates are rendered."""
    yield definition.outputs
    for tool in definition.tools.values():
        yield from (tool.with_, tool.env)
    for agent in definition.agents.values():
        yield agent.instructions
        yield from (action.prompt for action in agent.actions.values())
        yield from (memory.key for memory in agent.memory)
    for task in all_tasks(definition.tasks):
        yield from _templates_of(task)
        yield from (text for text in _expressions_of(task) if TEMPLATE_MARK in text)


def expressions_in(definition: WorkflowDefinition) -> Iterator[str]:
    """Yield the expressions of a workflow that are no templates."""
    for task in all_tasks(definition.tasks):
        yield from (text for text in _expressions_of(task) if TEMPLATE_MARK not in text)


def _templates_of(task: TaskDefinition) -> Iterator[Json]:
    yield from (task.id, task.with_, task.outputs, task.env)
    yield from (transition.with_ for transition in (task.on_success, task.on_error) if transition is not None)
    if task.ask is not None:
        yield task.ask.prompt
    if task.collection is not None:
        yield task.collection.items
    if task.signal is not None:
        yield from (task.signal.name, task.signal.payload)
    if task.wait is not None:
        yield task.wait.name
    if task.memory is not None:
        yield from (task.memory.key, task.memory.payload)


def _expressions_of(task: TaskDefinition) -> Iterator[str]:
    found = (
        task.condition,
        task.router.expression if task.router is not None else None,
        task.collection.filter if task.collection is not None else None,
        task.wait.condition if task.wait is not None else None,
    )
    yield from (text for text in found if text is not None)
