"""Shape of a task. Which keys go with which type is in ``task_types``, and checked with the rest of the workflow."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from typing_extensions import override

from compozy.config.fields import (
    AnyObject,
    Duration,
    Identifier,
    IdOr,
    Name,
    NameOr,
    Pause,
    Shape,
    TemplateIdentifier,
    Variable,
)
from compozy.config.not_yet import TASK_KEYS
from compozy.config.options_entry import OptionsEntry
from compozy.config.resource_entries import AgentEntry, MemoryReference, ModelEntry, SchemaReference, ToolEntry
from compozy.config.task_keys import hint_for_key, hint_for_type
from compozy.config.task_types import EXECUTORS, add_rules
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath


class TransitionEntry(Shape):
    """What follows a task."""

    main_key: ClassVar[str] = "next"

    next: Identifier | None = Field(None, description="the task that runs then")
    with_: AnyObject | None = Field(None, alias="with", description="templates, over the input of that task")


class SignalEntry(Shape):
    """The event that a signal task tells."""

    main_key: ClassVar[str] = "id"

    id: Name = Field(description="name of the event; a template")
    payload: AnyObject | None = Field(None, description="what it carries: templates")


class TaskEntry(Shape):
    """One task."""

    model_config = ConfigDict(json_schema_extra=add_rules)

    not_yet: ClassVar[frozenset[str]] = TASK_KEYS

    id: TemplateIdentifier = Field(description="unique among its siblings; a template in a collection")
    type: Literal["basic", "router", "parallel", "collection", "aggregate", "composite", "signal", "wait", "memory"] = (
        Field("basic", description="what kind of work it is")
    )
    # What it does: basic
    tool: Identifier | None = Field(None, description="the tool to call")
    agent: IdOr[AgentEntry] | None = Field(None, description="the agent to ask, or its id")
    action: Identifier | None = Field(None, description="which of the agent's actions")
    prompt: Name | None = Field(None, description="template of the question")
    model: NameOr[ModelEntry] | None = Field(
        None, alias="model_config", description="the model to ask, or its name; the default one when not set"
    )
    tools: list[IdOr[ToolEntry]] | None = Field(None, description="the tools that the model may use, or their ids")
    max_iterations: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="how often the model may be asked; 10 when not set"
    )
    memory: list[MemoryReference] | None = Field(None, description="the memories that the model has at hand")
    # What goes in and comes out
    input: SchemaReference | None = Field(None, description="JSON Schema of its input; any when not set")
    output: SchemaReference | None = Field(None, description="JSON Schema of its output; any when not set")
    with_: AnyObject | None = Field(None, alias="with", description="the input: templates, rendered when it starts")
    outputs: AnyObject | None = Field(None, description="what later tasks see: templates of .output; else all of it")
    env: dict[str, str] | None = Field(None, description="more variables for .env and for its tool: templates")
    # When, how often and for how long
    condition: str | None = Field(
        None, description="expression; false skips the task. Of a router: the route. Of wait: whether a signal will do"
    )
    on_success: TransitionEntry | None = Field(None, description="what follows when it succeeded")
    on_error: TransitionEntry | None = Field(None, description="what follows when it did not succeed")
    final: bool | None = Field(None, description="whether nothing runs after it")
    sleep: Pause | None = Field(None, description="how long to wait after it, before what follows")
    timeout: Duration | None = Field(None, description="how long it may run; as long as its tool when not set")
    retries: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="how often it is tried again when it did not succeed; never when not set"
    )
    config: OptionsEntry | None = Field(None, description="options, over those of the workflow")
    # Containers
    tasks: list["TaskEntry"] | None = Field(None, description="the tasks in it")
    strategy: Literal["wait_all", "fail_fast", "best_effort", "race"] | None = Field(
        None, description="when it has ended; wait_all when not set, fail_fast for type: composite"
    )
    max_workers: Annotated[int, Field(ge=1)] | None = Field(
        None, description="how many of the tasks in it run at a time; all when not set"
    )
    # Collections
    task: "TaskEntry | None" = Field(None, description="the task to run for each item")
    items: Any = Field(None, description="a list, a map, a range such as 1..5, or a template of one of these")
    filter: str | None = Field(None, description="expression or template; an item for which it is false is left out")
    item_var: Variable | None = Field(None, description="name of the item besides .item")
    index_var: Variable | None = Field(None, description="name of its number besides .index")
    mode: Literal["parallel", "sequential"] | None = Field(None, description="parallel when not set")
    batch: Annotated[int, Field(ge=1)] | None = Field(None, description="how many items are finished before the next")
    # Routers
    routes: dict[str, IdOr["TaskEntry"]] | None = Field(
        None, description="by value of the condition: the task to run, or its id; default for any other value"
    )
    # Signals
    signal: SignalEntry | None = Field(None, description="the event to tell")
    wait_for: Name | None = Field(None, description="name of the event to wait for; a template")
    processor: "TaskEntry | None" = Field(None, description="basic task that looks at each event first")
    on_timeout: Identifier | None = Field(None, description="the task that follows when none came in time")
    # Memory
    operation: Literal["read", "write", "append", "delete", "flush", "health", "clear", "stats"] | None = Field(
        None, description="what to do with the memory"
    )
    memory_ref: Identifier | None = Field(None, description="which memory")
    key_template: Name | None = Field(None, description="template of the conversation's key")
    payload: Any = Field(None, description="what to write: a message, a list of them, or a template")
    limit: Annotated[int, Field(ge=1)] | None = Field(None, description="the most messages to read, the newest")
    offset: Annotated[int, Field(ge=0)] | None = Field(None, description="how many to pass over, from the oldest")

    @classmethod
    @override
    def hint_for(cls, key: str, data: Mapping[str, Json]) -> str:
        return hint_for_key(key, cls.keys(), type_=data.get("type"))

    @classmethod
    @override
    def hint_for_value(cls, key: str, value: Json) -> str | None:
        return hint_for_type(value) if key == "type" else None

    @property
    def children(self) -> list[tuple[KeyPath, "TaskEntry"]]:
        """The tasks in this one, each with its place below it: of containers, routes and the processor of a wait."""
        found: list[tuple[KeyPath, TaskEntry]] = [(("tasks", at), task) for at, task in enumerate(self.tasks or [])]
        found += [(("task",), self.task)] if self.task is not None else []
        found += [(("processor",), self.processor)] if self.processor is not None else []
        found += self.inline_routes
        return found

    @property
    def inline_routes(self) -> list[tuple[KeyPath, "TaskEntry"]]:
        """The tasks that are written down where a route leads, each with its place below the router."""
        routes = (self.routes or {}).items()
        return [(("routes", key), route) for key, route in routes if isinstance(route, TaskEntry)]

    @property
    def executor_keys(self) -> list[str]:
        """Which of the keys that say who does a basic task's work are there."""
        return [key for key in EXECUTORS if getattr(self, key) is not None]
