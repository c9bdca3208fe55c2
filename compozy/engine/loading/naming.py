"""Names of what is defined elsewhere: tools, agents, actions, models, memories; one that nothing has is told."""

from collections.abc import Collection, Iterator, Sequence

from compozy.config.documents import Document
from compozy.config.resource_entries import AgentEntry, MemoryReference, ModelEntry, ToolEntry
from compozy.config.task_entry import TaskEntry
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.gaps import is_whole
from compozy.engine.loading.resources import Resources


def task_name_problems(document: Document, path: KeyPath, task: TaskEntry, resources: Resources) -> Iterator[Problem]:
    """Yield the names in a task that nothing has, and a question that no model is there to answer."""
    if not resources.is_complete:
        return
    if task.tool is not None:
        yield from _unknown_tool(document, (*path, "tool"), task.tool, resources)
    if isinstance(task.agent, str):
        yield from _unknown(document, (*path, "agent"), "agent", task.agent, resources.agents)
    if task.memory_ref is not None:
        yield from _unknown(document, (*path, "memory_ref"), "memory", task.memory_ref, resources.memories)
    yield from _action_problems(document, path, task, resources)
    yield from tools_problems(document, path, task.tools, resources)
    yield from memory_problems(document, path, task.memory, resources)
    asks_directly = task.prompt is not None and task.agent is None
    is_needed = task.type == "basic" and asks_directly and is_whole(document, path)
    yield from model_problems(document, path, "model_config", task.model, resources, is_needed=is_needed)


def model_problems(
    document: Document,
    path: KeyPath,
    key: str,
    model: ModelEntry | str | None,
    resources: Resources,
    *,
    is_needed: bool,
) -> Iterator[Problem]:
    """Yield what is wrong where a model may stand.

    Args:
        document: The file.
        path: Of the mapping that holds the key.
        key: What it is called there.
        model: What is there.
        resources: What may be named.
        is_needed: Whether something has to be there when there is no default.
    """
    if isinstance(model, str):
        yield from _unknown(document, (*path, key), "model", model, resources.models)
    elif model is None and is_needed and resources.default_model is None:
        hint = "name a model, or give the project one under models"
        yield document.problem((*path, key), "is required where the project has no models", hint=hint)


def tools_problems(
    document: Document, path: KeyPath, tools: Sequence[ToolEntry | str] | None, resources: Resources
) -> Iterator[Problem]:
    """Yield the unknown names in ``tools`` of an agent or a task."""
    for at, tool in enumerate(tools or []):
        if isinstance(tool, str):
            yield from _unknown_tool(document, (*path, "tools", at), tool, resources)


def memory_problems(
    document: Document, path: KeyPath, memories: Sequence[MemoryReference] | None, resources: Resources
) -> Iterator[Problem]:
    """Yield the unknown names in ``memory`` of an agent or a task, and those for which nothing says the key."""
    for at, memory in enumerate(memories or []):
        place = (*path, "memory", at)
        yield from _unknown(document, (*place, "id"), "memory", memory.id, resources.memories)
        known = resources.memories.get(memory.id)
        if known is not None and memory.key is None and known.key is None:
            hint = "write it here, or at the memory for all"
            yield document.problem((*place, "key"), f"is required: the memory {memory.id!r} has no key", hint=hint)


def _action_problems(document: Document, path: KeyPath, task: TaskEntry, resources: Resources) -> Iterator[Problem]:
    agent = resources.agents.get(task.agent) if isinstance(task.agent, str) else task.agent
    if isinstance(agent, AgentEntry) and task.action is not None:
        actions = [action.id for action in agent.actions or []]
        if task.action not in actions:
            message = f"the agent {agent.id!r} has no action {task.action!r}"
            yield document.problem((*path, "action"), message, hint=did_you_mean(task.action, actions))


def _unknown_tool(document: Document, path: KeyPath, name: str, resources: Resources) -> Iterator[Problem]:
    if name in BUILTINS and name not in resources.tools:
        hint = "runtime.native_tools.enabled of the project file is false"
        yield document.problem(path, f"there is no tool {name!r}", hint=hint)
        return
    yield from _unknown(document, path, "tool", name, resources.tools)


def _unknown(document: Document, path: KeyPath, noun: str, name: str, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        yield document.problem(path, f"there is no {noun} {name!r}", hint=did_you_mean(name, known))
