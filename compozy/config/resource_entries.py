"""Shapes of what a project and its workflows share by id: tools, models, agents, memories, schemas."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from compozy.config.fields import AnyObject, Duration, Identifier, IdOr, Name, NameOr, SecretText, Shape
from compozy.config.not_yet import ACTION_KEYS, AGENT_KEYS, MEMORY_KEYS, MODEL_KEYS

SchemaReference: TypeAlias = IdOr[AnyObject]
"""A JSON Schema, or the id of one in ``schemas``."""


class ToolEntry(Shape):
    """A tool that tasks name; the entrypoint exports a function of that name."""

    main_key: ClassVar[str] = "id"

    id: Identifier = Field(description="name of the function in the entrypoint")
    version: str | None = Field(None, description="the author's own version")
    description: str | None = Field(None, description="for people, and for models that choose")
    timeout: Duration | None = Field(None, description="how long one call may take; 60s when not set")
    input: SchemaReference | None = Field(None, description="JSON Schema of its input; any when not set")
    output: SchemaReference | None = Field(None, description="JSON Schema of its output; any when not set")
    with_: AnyObject | None = Field(None, alias="with", description="default input: templates, under those of the task")
    config: AnyObject | None = Field(None, description="the second argument of the function, taken as it is")
    env: dict[str, str] | None = Field(None, description="templates of variables for its environment")
    isolation: Literal["none", "process"] | None = Field(
        None, description="whether a Python tool runs in a process of its own"
    )


class ModelEntry(Shape):
    """A language model."""

    not_yet: ClassVar[frozenset[str]] = MODEL_KEYS

    id: Name | None = Field(None, description="how agents and tasks name it; its model when not set")
    provider: Name = Field(description="who runs it; mock answers offline, always the same")
    model: Name = Field(description="its name at the provider")
    api_key: SecretText | None = Field(None, description="the provider's key")
    api_url: str | None = Field(None, description="where the provider is, when not at its usual place")
    params: AnyObject | None = Field(None, description="temperature and the like; for mock, its answers")
    default: bool | None = Field(None, description="whether it is used where no model is named")


class ActionEntry(Shape):
    """One thing that an agent knows how to do."""

    not_yet: ClassVar[frozenset[str]] = ACTION_KEYS

    id: Identifier = Field(description="unique in the agent")
    prompt: Name = Field(description="template of what the model is asked")
    input: SchemaReference | None = Field(None, description="JSON Schema of the task's input; any when not set")
    output: SchemaReference | None = Field(None, description="JSON Schema of the answer; text when not set")
    json_mode: bool | None = Field(None, description="whether the answer is a JSON object, where output does not say")


class MemoryReference(Shape):
    """A memory that an agent, or a task that asks a model, has at hand."""

    main_key: ClassVar[str] = "id"

    id: Identifier = Field(description="which memory")
    key: Name | None = Field(None, description="template of the conversation's key; the memory's when not set")
    mode: Literal["read-write", "read-only"] | None = Field(None, description="read-write when not set")


class AgentEntry(Shape):
    """Somebody who does things by asking a model."""

    not_yet: ClassVar[frozenset[str]] = AGENT_KEYS

    id: Identifier = Field(description="unique in the project")
    version: str | None = Field(None, description="the author's own version")
    description: str | None = Field(None, description="for people")
    instructions: str | None = Field(None, description="template of what the model is told first")
    model: NameOr[ModelEntry] | None = Field(None, description="the model, or its name; the default one when not set")
    actions: list[ActionEntry] | None = Field(None, description="what it knows how to do")
    tools: list[IdOr[ToolEntry]] | None = Field(None, description="the tools that it may use, or their ids")
    memory: list[MemoryReference] | None = Field(None, description="the memories that it has at hand")
    max_iterations: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="how often it may ask the model for one task; 10 when not set"
    )


class PersistenceEntry(Shape):
    """Where and how long a memory is kept; where is the cache's affair."""

    type: Literal["redis", "in_memory"] | None = Field(None, description="says nothing here: the cache keeps it")
    ttl: Duration | None = Field(None, description="the same as ttl of the memory")


class MemoryEntry(Shape):
    """A memory: conversations, one for each key."""

    not_yet: ClassVar[frozenset[str]] = MEMORY_KEYS

    id: Identifier = Field(description="unique in the project")
    version: str | None = Field(None, description="the author's own version")
    description: str | None = Field(None, description="for people")
    type: Literal["token_based", "message_count_based", "buffer"] | None = Field(
        None, description="says nothing here: what is limited is what max_tokens and max_messages say"
    )
    key: Name | None = Field(None, description="template of the conversation's key where an agent names none")
    max_messages: Annotated[int, Field(ge=1)] | None = Field(None, description="the most messages of a conversation")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="the most tokens of a conversation")
    ttl: Duration | None = Field(None, description="how long an untouched conversation is kept; always when not set")
    persistence: PersistenceEntry | None = Field(None, description="where and how long it is kept")
