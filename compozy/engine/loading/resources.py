"""What tasks may name: tools, agents, models, memories and schemas, of the project and of one workflow."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from compozy.config.options_entry import OptionsEntry
from compozy.config.project_file import ProjectFile
from compozy.config.resource_entries import AgentEntry, MemoryEntry, ModelEntry, SchemaReference, ToolEntry
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import RuntimeDefinition, TaskLimits
from compozy.domain.json import JsonObject
from compozy.engine.loading.declarations import Declarations
from compozy.engine.rules.options import RetryOptions, TaskOptions

EntryT = TypeVar("EntryT", ToolEntry, AgentEntry, MemoryEntry)


@attrs.frozen(kw_only=True)
class Resources:
    """What the tasks of a workflow may name, by id; a workflow's own replace those of the project.

    Attributes:
        tools: With those that are built in.
        agents: Agents.
        models: Models, by their id, else by their name at the provider, and by ``provider:model``.
        default_model: The one that is used where none is named; None when there is none.
        memories: Memories.
        schemas: JSON Schemas, without their ids.
        options: The options of all tasks.
        runtime: What runs the tools.
        is_complete: Whether this is all that there is. When a file could not be read it is not, and what a task names
            may be in there.
    """

    tools: Mapping[str, ToolEntry] = attrs.Factory(dict)
    agents: Mapping[str, AgentEntry] = attrs.Factory(dict)
    models: Mapping[str, ModelEntry] = attrs.Factory(dict)
    default_model: ModelEntry | None = None
    memories: Mapping[str, MemoryEntry] = attrs.Factory(dict)
    schemas: Mapping[str, JsonObject] = attrs.Factory(dict)
    options: TaskOptions = attrs.Factory(TaskOptions)
    runtime: RuntimeDefinition = attrs.Factory(RuntimeDefinition)
    is_complete: bool = True

    def with_declarations(self, declared: Iterable[Declarations]) -> "Resources":
        """Return the same with what files declare over it; in one and the same file the later one counts."""
        found = self
        for each in declared:
            models = [model for _, model in each.models]
            inline_tools = _by_id(each.inline_tools)
            found = attrs.evolve(
                found,
                tools={**inline_tools, **found.tools, **_by_id(each.tools)},
                agents={**found.agents, **_by_id(each.agents)},
                models={**found.models, **_by_name(models)},
                memories={**found.memories, **_by_id(each.memories)},
                schemas={**found.schemas, **_schemas(schema for _, schema in each.schemas)},
            )
        return attrs.evolve(found, default_model=_default_of(found.models))

    def schema_of(self, reference: SchemaReference | None) -> JsonObject | None:
        """Return the schema that is given or named; None for none, or for a name that nothing has."""
        return self.schemas.get(reference) if isinstance(reference, str) else reference


def built_in_resources(file: ProjectFile | None, runtime: RuntimeDefinition, *, is_complete: bool) -> Resources:
    """Return what every project has, before anything is declared: the tools that are built in, and its options.

    Args:
        file: The project file; None when it is not in shape.
        runtime: What runs the tools.
        is_complete: Whether all files could be read.
    """
    ids = BUILTINS if runtime.native.enabled else ()
    built_in = {tool_id: ToolEntry.model_construct(id=tool_id) for tool_id in ids}
    options = options_of(file.config if file is not None else None)
    return Resources(tools=built_in, options=options, runtime=runtime, is_complete=is_complete)


def options_of(entry: OptionsEntry | None, *, retries: int | None = None) -> TaskOptions:
    """Return the options that one level gives."""
    if entry is None:
        return TaskOptions(retries=retries)
    policy = entry.retry_policy
    return TaskOptions(
        retry=None
        if policy is None
        else RetryOptions(
            initial_interval=policy.initial_interval,
            backoff_coefficient=policy.backoff_coefficient,
            maximum_interval=policy.maximum_interval,
            maximum_attempts=policy.maximum_attempts,
            non_retryable_error_types=_optional_tuple(policy.non_retryable_error_types),
        ),
        limits=TaskLimits(
            start_to_close=entry.start_to_close_timeout,
            schedule_to_start=entry.schedule_to_start_timeout,
            schedule_to_close=entry.schedule_to_close_timeout,
            heartbeat=entry.heartbeat_timeout,
        ),
        retries=retries,
    )


def _optional_tuple(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _by_id(entries: Iterable[tuple[object, EntryT]]) -> dict[str, EntryT]:
    return {entry.id: entry for _, entry in entries}


def _by_name(models: Sequence[ModelEntry]) -> dict[str, ModelEntry]:
    full = {f"{model.provider}:{model.model}": model for model in models}
    return full | {model.id or model.model: model for model in models}


def _default_of(models: Mapping[str, ModelEntry]) -> ModelEntry | None:
    """Return the model that is marked as the default, else the first one."""
    return next((model for model in models.values() if model.default), next(iter(models.values()), None))


def _schemas(entries: Iterable[JsonObject]) -> dict[str, JsonObject]:
    named = {str(entry.get("id")): entry for entry in entries}
    return {
        schema_id: {key: value for key, value in entry.items() if key != "id"} for schema_id, entry in named.items()
    }
