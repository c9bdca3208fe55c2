"""Shape of a workflow file."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from compozy.config.fields import AnyObject, Duration, Identifier, Shape
from compozy.config.not_yet import TASK_KEYS, WORKFLOW_CONFIG_KEYS, WORKFLOW_KEYS
from compozy.config.project_file import ToolEntry


class TransitionEntry(Shape):
    """What follows a task."""

    next: Identifier | None = None
    with_: AnyObject | None = Field(None, alias="with")


class TaskEntry(Shape):
    """One task. Which keys go with which type is checked with the rest of the workflow, not here."""

    not_yet: ClassVar[frozenset[str]] = TASK_KEYS

    id: Identifier
    type: Literal["basic", "parallel"] = "basic"
    tool: Identifier | None = None
    with_: AnyObject | None = Field(None, alias="with")
    outputs: AnyObject | None = None
    on_success: TransitionEntry | None = None
    on_error: TransitionEntry | None = None
    timeout: Duration | None = None
    tasks: list["TaskEntry"] | None = None
    strategy: Literal["wait_all"] | None = None
    max_workers: Annotated[int, Field(ge=1)] | None = None


class WorkflowConfig(Shape):
    """What holds for the whole workflow."""

    not_yet: ClassVar[frozenset[str]] = WORKFLOW_CONFIG_KEYS

    input: AnyObject | None = None
    env: dict[str, str] | None = None


class WorkflowFile(Shape):
    """The whole file."""

    not_yet: ClassVar[frozenset[str]] = WORKFLOW_KEYS

    id: Identifier
    version: str | None = None
    description: str | None = None
    config: WorkflowConfig | None = None
    tools: list[ToolEntry] | None = None
    tasks: Annotated[list[TaskEntry], Field(min_length=1)]
    outputs: AnyObject | None = None
