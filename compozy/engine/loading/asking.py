"""Who answers the questions of a workflow: its agents, and those that tasks make up for themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from compozy.config.resource_entries import ActionEntry, AgentEntry, MemoryEntry, MemoryReference, ModelEntry, ToolEntry
from compozy.config.task_entry import TaskEntry
from compozy.domain.definitions import (
    ActionDefinition,
    AgentDefinition,
    AgentMemory,
    AskDefinition,
    MemoryDefinition,
    ModelDefinition,
)
from compozy.domain.json import JsonObject
from compozy.engine.loading.resources import Resources

_ANY_OBJECT: Final[JsonObject] = {"type": "object"}


@attrs.define
class Askers:
    """Builds what tasks ask, and keeps the agents that they ask.

    Attributes:
        resources: What they may name.
        agents: The agents so far, by the name that tasks know them by. One that a task wrote down, or changed for
            itself, is known as ``AGENT@TASK``.
    """

    resources: Resources
    agents: dict[str, AgentDefinition] = attrs.Factory(dict)

    def ask(self, entry: TaskEntry, path: str) -> AskDefinition | None:
        """Return how a task asks; None when it does not.

        Args:
            entry: The task.
            path: Its id under those of the containers that it is in.
        """
        if entry.agent is None and entry.prompt is None:
            return None
        agent = self._agent_of(entry, path)
        model = entry.model if entry.model is not None or agent is not None else self.resources.default_model
        return AskDefinition(
            agent=agent,
            action=entry.action,
            prompt=entry.prompt,
            model=None if model is None else self._model(model),
        )

    def _agent_of(self, entry: TaskEntry, path: str) -> str | None:
        """Return the name of the agent that a task asks; None when it asks the model directly."""
        is_changed = any(value is not None for value in (entry.tools, entry.memory, entry.max_iterations))
        if isinstance(entry.agent, str):
            name, agent = entry.agent, self._agent(self.resources.agents[entry.agent])
        elif entry.agent is not None:
            name, agent, is_changed = entry.agent.id, self._agent(entry.agent), True
        elif is_changed:
            model = entry.model or self.resources.default_model
            assert model is not None  # noqa: S101 - the checks have found a model for each prompt
            name = entry.id.partition("{")[0].strip("-_") or "asker"
            agent = AgentDefinition(id=name, model=self._model(model))
        else:
            return None
        if is_changed:
            name, agent = f"{name}@{path}", self._changed(agent, entry)
        self.agents[name] = agent
        return name

    def _changed(self, agent: AgentDefinition, entry: TaskEntry) -> AgentDefinition:
        """Return an agent with what a task says over it."""
        if entry.tools is not None:
            agent = attrs.evolve(agent, tools=_tool_ids(entry.tools))
        if entry.memory is not None:
            agent = attrs.evolve(agent, memory=self._memories(entry.memory))
        return agent if entry.max_iterations is None else attrs.evolve(agent, max_iterations=entry.max_iterations)

    def _agent(self, entry: AgentEntry) -> AgentDefinition:
        model = entry.model or self.resources.default_model
        assert model is not None  # noqa: S101 - the checks have found a model for each agent
        definition = AgentDefinition(
            id=entry.id,
            instructions=entry.instructions or "",
            model=self._model(model),
            actions={action.id: self._action(action) for action in entry.actions or []},
            tools=_tool_ids(entry.tools or []),
            memory=self._memories(entry.memory or []),
        )
        most = entry.max_iterations
        return definition if most is None else attrs.evolve(definition, max_iterations=most)

    def _action(self, entry: ActionEntry) -> ActionDefinition:
        output = self.resources.schema_of(entry.output)
        return ActionDefinition(
            id=entry.id,
            prompt=entry.prompt,
            input_schema=self.resources.schema_of(entry.input),
            output_schema=_ANY_OBJECT if output is None and entry.json_mode else output,
        )

    def _memories(self, entries: Iterable[MemoryReference]) -> tuple[AgentMemory, ...]:
        return tuple(
            AgentMemory(
                memory=entry.id,
                key=entry.key or self.resources.memories[entry.id].key or "",
                read_only=entry.mode == "read-only",
            )
            for entry in entries
        )

    def _model(self, reference: ModelEntry | str) -> ModelDefinition:
        entry = self.resources.models[reference] if isinstance(reference, str) else reference
        return ModelDefinition(provider=entry.provider, model=entry.model, params=entry.params or {})


def build_memories(entries: Mapping[str, MemoryEntry], names: Iterable[str]) -> dict[str, MemoryDefinition]:
    """Return the definitions of the memories with these ids."""
    return {name: _build_memory(entries[name]) for name in sorted(set(names))}


def _build_memory(entry: MemoryEntry) -> MemoryDefinition:
    return MemoryDefinition(
        id=entry.id,
        description=entry.description or "",
        max_messages=entry.max_messages,
        max_tokens=entry.max_tokens,
        ttl=entry.ttl or (entry.persistence.ttl if entry.persistence is not None else None),
    )


def _tool_ids(tools: Sequence[ToolEntry | str]) -> tuple[str, ...]:
    return tuple(tool if isinstance(tool, str) else tool.id for tool in tools)
