"""Shape of a workflow file. The descriptions are for editors; the reference has the whole story."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from compozy.config.author import AuthorSection
from compozy.config.fields import AnyObject, Duration, Identifier, Instant, Name, Shape
from compozy.config.not_yet import WORKFLOW_KEYS
from compozy.config.options_entry import OptionsEntry
from compozy.config.resource_entries import AgentEntry, SchemaReference, ToolEntry
from compozy.config.task_entry import TaskEntry


class WorkflowConfig(OptionsEntry):
    """What holds for the whole workflow."""

    input: SchemaReference | None = Field(
        None, description="JSON Schema 2020-12 of the input, or the id of one; any object when not set"
    )
    env: dict[str, str] | None = Field(None, description="more variables for .env, over those of the file .env")


class TriggerEntry(Shape):
    """What starts executions of the workflow besides requests."""

    type: Literal["signal", "webhook"] = Field(description="what kind of thing it is")
    name: Name | None = Field(None, description="name of the event; of a webhook, its slug says as much")
    schema_: SchemaReference | None = Field(None, alias="schema", description="JSON Schema of its payload, or its id")
    webhook: AnyObject | None = Field(None, description="what else a webhook says")


class ScheduleEntry(Shape):
    """When the workflow runs by itself."""

    cron: Name = Field(description="5 to 7 fields, @daily and the like, or @every 10s")
    timezone: Name | None = Field(None, description="IANA name such as Europe/Lisbon; UTC when not set")
    enabled: bool | None = Field(None, description="whether it is on; it is when not set")
    jitter: Duration | None = Field(None, description="the most by which each start is put off at random")
    overlap_policy: Literal["skip", "allow", "buffer_one", "cancel_other"] | None = Field(
        None, description="what happens when it is due while the last one still runs; skip when not set"
    )
    start_at: Instant | None = Field(None, description="nothing starts before")
    end_at: Instant | None = Field(None, description="nothing starts after")
    input: AnyObject | None = Field(None, description="the input of each execution")


class WorkflowFile(Shape):
    """The whole file."""

    not_yet: ClassVar[frozenset[str]] = WORKFLOW_KEYS

    resource: Literal["workflow"] | None = Field(None, description="what the file is, for autoload")
    id: Identifier = Field(description="unique in the project; its name in URLs and commands")
    version: str | None = Field(None, description="its own version; templates see it as .workflow.version")
    description: str | None = Field(None, description="for people")
    author: AuthorSection | None = Field(None, description="who to ask")
    license: str | None = Field(None, description="for people")
    config: WorkflowConfig | None = Field(None, description="what holds for the whole workflow")
    triggers: list[TriggerEntry] | None = Field(None, description="what starts it besides requests")
    schedule: ScheduleEntry | None = Field(None, description="when it runs by itself")
    tools: list[ToolEntry] | None = Field(None, description="tools of this workflow, over those of the project")
    agents: list[AgentEntry] | None = Field(None, description="agents of this workflow, over those of the project")
    schemas: list[AnyObject] | None = Field(None, description="JSON Schemas with an id, over those of the project")
    tasks: Annotated[list[TaskEntry], Field(min_length=1)] = Field(
        description="the first one starts; the others run when another one leads to them"
    )
    outputs: AnyObject | None = Field(None, description="the execution's output: templates; else that of each task")
