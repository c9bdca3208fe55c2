"""What one file declares for others to name: tools, agents, models, memories and schemas, each with its place."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar

import attrs

from compozy.config.documents import Document
from compozy.config.project_file import ProjectFile
from compozy.config.resource_entries import AgentEntry, MemoryEntry, ModelEntry, ToolEntry
from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.json import JsonObject
from compozy.domain.key_paths import KeyPath

EntryT = TypeVar("EntryT")

Placed: TypeAlias = tuple[KeyPath, EntryT]
"""Something with its place in the file."""


@attrs.frozen(kw_only=True)
class Declarations:
    """What one file declares.

    Attributes:
        document: The file.
        tools: Tools under ``tools``, or the one that the file is.
        agents: Agents, alike.
        models: Models, alike.
        memories: Memories, alike.
        schemas: JSON Schemas with their ids, alike.
        inline_agents: Agents that tasks write down where they name one.
        inline_tools: Tools that agents and tasks write down where they name one.
    """

    document: Document
    tools: tuple[Placed[ToolEntry], ...] = ()
    agents: tuple[Placed[AgentEntry], ...] = ()
    models: tuple[Placed[ModelEntry], ...] = ()
    memories: tuple[Placed[MemoryEntry], ...] = ()
    schemas: tuple[Placed[JsonObject], ...] = ()
    inline_agents: tuple[Placed[AgentEntry], ...] = ()
    inline_tools: tuple[Placed[ToolEntry], ...] = ()

    @property
    def all_agents(self) -> tuple[Placed[AgentEntry], ...]:
        """Every agent in the file, wherever it is written down."""
        return (*self.agents, *self.inline_agents)

    @property
    def all_tools(self) -> tuple[Placed[ToolEntry], ...]:
        """Every tool in the file, wherever it is written down."""
        return (*self.tools, *self.inline_tools)


def project_declarations(document: Document, file: ProjectFile) -> Declarations:
    """Return what the project file declares."""
    agents = _placed("agents", file.agents)
    return Declarations(
        document=document,
        tools=_placed("tools", file.tools),
        agents=agents,
        models=_placed("models", file.models),
        memories=_placed("memories", file.memories),
        schemas=_placed("schemas", file.schemas),
        inline_tools=tuple(_tools_of_agents(agents)),
    )


def workflow_declarations(document: Document, file: WorkflowFile) -> Declarations:
    """Return what a workflow file declares, within its tasks too."""
    agents = _placed("agents", file.agents)
    tasks = list(all_tasks(file))
    inline_agents = tuple(((*path, "agent"), task.agent) for path, task in tasks if isinstance(task.agent, AgentEntry))
    inline_tools = [
        ((*path, "tools", at), tool)
        for path, task in tasks
        for at, tool in enumerate(task.tools or [])
        if isinstance(tool, ToolEntry)
    ]
    return Declarations(
        document=document,
        tools=_placed("tools", file.tools),
        agents=agents,
        schemas=_placed("schemas", file.schemas),
        inline_agents=inline_agents,
        inline_tools=(*_tools_of_agents([*agents, *inline_agents]), *inline_tools),
    )


def file_declarations(document: Document, entry: object) -> Declarations:
    """Return what a file declares that is one tool, agent, model, memory or schema."""
    match entry:
        case ToolEntry():
            return Declarations(document=document, tools=(((), entry),))
        case AgentEntry():
            agents = (((), entry),)
            return Declarations(document=document, agents=agents, inline_tools=tuple(_tools_of_agents(agents)))
        case ModelEntry():
            return Declarations(document=document, models=(((), entry),))
        case MemoryEntry():
            return Declarations(document=document, memories=(((), entry),))
        case dict():
            return Declarations(document=document, schemas=(((), entry),))
    raise TypeError(f"{entry!r} declares nothing")


def all_tasks(file: WorkflowFile) -> Iterable[Placed[TaskEntry]]:
    """Yield every task of a workflow file, at any depth."""
    return _and_those_inside(_placed("tasks", file.tasks))


def _placed(key: str, entries: Sequence[EntryT] | None) -> tuple[Placed[EntryT], ...]:
    return tuple(((key, at), entry) for at, entry in enumerate(entries or []))


def _tools_of_agents(agents: Iterable[Placed[AgentEntry]]) -> Iterable[Placed[ToolEntry]]:
    for path, agent in agents:
        for at, tool in enumerate(agent.tools or []):
            if isinstance(tool, ToolEntry):
                yield (*path, "tools", at), tool


def _and_those_inside(tasks: Iterable[Placed[TaskEntry]]) -> Iterable[Placed[TaskEntry]]:
    for path, task in tasks:
        yield path, task
        yield from _and_those_inside(((*path, *below), child) for below, child in task.children)
