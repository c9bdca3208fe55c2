"""Compiled workflows: what the YAML says, checked and frozen, as a running execution keeps it."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

import attrs

from compozy.domain.json import JsonObject

DEFAULT_TOOL_TIMEOUT: Final = timedelta(seconds=60)
"""How long a call of a tool may take when neither its task nor the tool says."""


class TaskType(StrEnum):
    """What kind of work a task is."""

    BASIC = "basic"
    PARALLEL = "parallel"


class Strategy(StrEnum):
    """When a container of tasks has ended, and how."""

    WAIT_ALL = "wait_all"


@attrs.frozen(kw_only=True)
class Transition:
    """What follows a task.

    Attributes:
        next: Id of the task that runs next, or None when the execution ends here.
        with_: Templates merged over the next task's own ``with``.
    """

    next: str | None = None
    with_: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class TaskDefinition:
    """One task of a workflow.

    Attributes:
        id: Unique among its siblings.
        type: What kind of work it is.
        tool: Id of the tool a basic task runs; None for containers.
        with_: Templates that become the task's input, rendered when it starts.
        outputs: Templates that shape what later tasks see; None keeps the raw output.
        on_success: What follows when it succeeded; None ends the execution.
        on_error: What follows when it failed; None fails the execution.
        timeout: How long it may run; None means the tool's own limit.
        tasks: The children of a container, in order.
        strategy: When a container has ended.
        max_workers: How many children run at once; None means all.
    """

    id: str
    type: TaskType = TaskType.BASIC
    tool: str | None = None
    with_: JsonObject = attrs.Factory(dict)
    outputs: JsonObject | None = None
    on_success: Transition | None = None
    on_error: Transition | None = None
    timeout: timedelta | None = None
    tasks: tuple["TaskDefinition", ...] = ()
    strategy: Strategy = Strategy.WAIT_ALL
    max_workers: int | None = None


@attrs.frozen(kw_only=True)
class ToolDefinition:
    """A tool that tasks name.

    Attributes:
        id: Name of the exported function in the project's entrypoint.
        description: For people.
        config: Constant second argument of the function.
        with_: Default input, under what the task gives.
        timeout: How long one call may take; None means DEFAULT_TOOL_TIMEOUT.
    """

    id: str
    description: str = ""
    config: JsonObject = attrs.Factory(dict)
    with_: JsonObject = attrs.Factory(dict)
    timeout: timedelta | None = None


@attrs.frozen(kw_only=True)
class WorkflowDefinition:
    """One workflow, checked; the snapshot that an execution runs to its end, whatever happens to the YAML.

    Attributes:
        id: Unique in the project.
        description: For people.
        version: The author's own version, or None.
        input_schema: JSON Schema 2020-12 of the input; None accepts any object.
        tasks: Never empty; the first one starts the execution.
        outputs: Templates of the execution's output; None maps each task's id to ``{"output": ...}``.
        tools: The tools that its tasks name, by id, as they were when the execution started.
        env: What its templates see as ``.env``: the project's variables that they name, under its own ``config.env``.
    """

    id: str
    description: str = ""
    version: str | None = None
    input_schema: JsonObject | None = None
    tasks: tuple[TaskDefinition, ...]
    outputs: JsonObject | None = None
    tools: dict[str, ToolDefinition] = attrs.Factory(dict)
    env: dict[str, str] = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class Project:
    """Everything that a ``compozy.yaml`` and the files it names define.

    Attributes:
        name: The project's name.
        root: Absolute path of the folder that holds ``compozy.yaml``.
        entrypoint: Path of the Python file that exports the tools, relative to ``root``; None without tools.
        workflows: By id, in the order of the files.
        env: What ``.env`` beside the file says; templates see it as ``.env``.
    """

    name: str
    root: str
    description: str = ""
    version: str | None = None
    entrypoint: str | None = None
    workflows: dict[str, WorkflowDefinition] = attrs.Factory(dict)
    env: dict[str, str] = attrs.Factory(dict)
