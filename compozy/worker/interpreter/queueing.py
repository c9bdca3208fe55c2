"""Which work is queued although it is short.

Short work is a local activity: it is done within the step of the workflow that asks for it. While it is, the step does
not end, and what it wants of the server, such as a timer or queued work, is not heard before the step ends or is
prolonged, which is seconds later. So where something else goes on at the same time that needs the server, all work is
queued, and no tool that hangs holds up the limit that is to end it, or its siblings.
"""

from collections.abc import Mapping
from typing import Final

from compozy.domain.definitions import CollectionMode, TaskDefinition, TaskType, ToolDefinition
from compozy.worker.interpreter.patience import is_long

_ACTIVITIES: Final = frozenset({TaskType.BASIC, TaskType.MEMORY})
"""The types whose time limit is kept by their work."""


def queues_children(task: TaskDefinition, tools: Mapping[str, ToolDefinition]) -> bool:
    """Tell whether the work of the tasks in a container is queued.

    It is when the container has a time limit, and when one of several that run at once needs the server.

    Args:
        task: The container.
        tools: The tools of its workflow.
    """
    return _is_limited(task) or (not _is_sequence(task) and any(_needs_server(child, tools) for child in task.tasks))


def _needs_server(task: TaskDefinition, tools: Mapping[str, ToolDefinition]) -> bool:
    """Tell whether a task, or one in it, asks the server for something before it ends, were it alone."""
    if task.type in {TaskType.BASIC, TaskType.MEMORY}:
        tool = tools.get(task.tool or "")
        declared = task.timeout or task.limits.start_to_close or (tool.timeout if tool is not None else None)
        return is_long(declared) or task.limits.schedule_to_close is not None
    has_pause = _is_sequence(task) and any(child.sleep is not None for child in task.tasks)
    return (
        task.type is TaskType.WAIT
        or has_pause
        or _is_limited(task)
        or any(_needs_server(child, tools) for child in task.tasks)
    )


def _is_limited(task: TaskDefinition) -> bool:
    limits = (task.timeout, task.limits.start_to_close, task.limits.schedule_to_close)
    return any(limit is not None for limit in limits)


def _is_sequence(task: TaskDefinition) -> bool:
    if task.type is TaskType.COLLECTION:
        return task.collection is not None and task.collection.mode is CollectionMode.SEQUENTIAL
    return task.type is TaskType.COMPOSITE
