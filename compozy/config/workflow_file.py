"""Shape of a workflow file. The descriptions are for editors; the reference has the whole story."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from compozy.config.fields import AnyObject, Duration, Identifier, Shape
from compozy.config.not_yet import TASK_KEYS, WORKFLOW_CONFIG_KEYS, WORKFLOW_KEYS
from compozy.config.project_file import ToolEntry
from compozy.config.task_types import add_rules


class TransitionEntry(Shape):
    """What follows a task."""

    next: Identifier | None = Field(None, description="the task that runs then")
    with_: AnyObject | None = Field(None, alias="with", description="templates, over the input of that task")


class TaskEntry(Shape):
    """One task. Which keys go with which type is in ``task_types``, and checked with the rest of the workflow."""

    model_config = ConfigDict(json_schema_extra=add_rules)

    not_yet: ClassVar[frozenset[str]] = TASK_KEYS

    id: Identifier = Field(description="unique among its siblings")
    type: Literal["basic", "parallel"] = Field("basic", description="basic calls a tool, parallel runs the tasks in it")
    tool: Identifier | None = Field(None, description="the tool that a basic task calls")
    with_: AnyObject | None = Field(None, alias="with", description="the input: templates, rendered when it starts")
    outputs: AnyObject | None = Field(None, description="what later tasks see: templates of .output; else all of it")
    on_success: TransitionEntry | None = Field(None, description="what follows when it succeeded")
    on_error: TransitionEntry | None = Field(None, description="what follows when it did not succeed")
    timeout: Duration | None = Field(None, description="how long it may run; as long as its tool when not set")
    tasks: list["TaskEntry"] | None = Field(None, description="the tasks in a parallel one")
    strategy: Literal["wait_all"] | None = Field(None, description="when a parallel task has ended")
    max_workers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="how many of the tasks in it run at a time; all when not set"
    )


class WorkflowConfig(Shape):
    """What holds for the whole workflow."""

    not_yet: ClassVar[frozenset[str]] = WORKFLOW_CONFIG_KEYS

    input: AnyObject | None = Field(None, description="JSON Schema 2020-12 of the input; any object when not set")
    env: dict[str, str] | None = Field(None, description="more variables for .env, over those of the file .env")


class WorkflowFile(Shape):
    """The whole file."""

    not_yet: ClassVar[frozenset[str]] = WORKFLOW_KEYS

    id: Identifier = Field(description="unique in the project; its name in URLs and commands")
    version: str | None = Field(None, description="its own version; templates see it as .workflow.version")
    description: str | None = Field(None, description="for people")
    config: WorkflowConfig | None = Field(None, description="what holds for the whole workflow")
    tools: list[ToolEntry] | None = Field(None, description="tools of this workflow, over those of the project")
    tasks: Annotated[list[TaskEntry], Field(min_length=1)] = Field(
        description="the first one starts; the others run when another one leads to them"
    )
    outputs: AnyObject | None = Field(None, description="the execution's output: templates; else that of each task")
