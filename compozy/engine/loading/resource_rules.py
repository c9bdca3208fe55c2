"""What is wrong with the tools, agents, models, memories and schemas that one file declares."""

from collections.abc import Iterator

from compozy.config.documents import Document
from compozy.config.resource_entries import AgentEntry, ToolEntry
from compozy.domain.builtin_tools import BUILTINS, PREFIX
from compozy.domain.errors import Problem
from compozy.domain.json import Json
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.domain.tool_env import find_env_problem
from compozy.engine.loading.declarations import Declarations
from compozy.engine.loading.gaps import is_whole
from compozy.engine.loading.naming import memory_problems, model_problems, tools_problems
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.schema_rules import declared_schema_problems, schema_problems
from compozy.engine.loading.templating import template_problems


def declaration_problems(declared: Declarations, resources: Resources) -> Iterator[Problem]:
    """Yield what is wrong with each thing that a file declares.

    Args:
        declared: What it declares.
        resources: What may be named there.
    """
    document = declared.document
    for path, tool in declared.all_tools:
        yield from _tool_problems(document, path, tool, resources)
    for path, agent in declared.all_agents:
        yield from _agent_problems(document, path, agent, resources)
    for path, memory in declared.memories:
        yield from template_problems(document, (*path, "key"), memory.key, None)
    for path, schema in declared.schemas:
        yield from declared_schema_problems(document, path, schema)
    yield from _default_models(declared)


def env_problems(document: Document, path: KeyPath, env: dict[str, str] | None) -> Iterator[Problem]:
    """Yield the variables that no tool can be given."""
    for name, value in (env or {}).items():
        message = find_env_problem({name: value})
        if message is not None:
            yield document.problem((*path, name), message)


def _tool_problems(document: Document, path: KeyPath, tool: ToolEntry, resources: Resources) -> Iterator[Problem]:
    if tool.id.startswith(PREFIX):
        message = f"ids that begin with {PREFIX} are those of built-in tools"
        hint = "name it without declaring it" if tool.id in BUILTINS else did_you_mean(tool.id, BUILTINS)
        yield document.problem((*path, "id"), message, hint=hint)
    for key, value in (("with", tool.with_), ("env", tool.env)):
        yield from template_problems(document, (*path, key), value, None)
    yield from env_problems(document, (*path, "env"), tool.env)
    yield from schema_problems(document, (*path, "input"), tool.input, resources)
    yield from schema_problems(document, (*path, "output"), tool.output, resources)


def _agent_problems(document: Document, path: KeyPath, agent: AgentEntry, resources: Resources) -> Iterator[Problem]:
    seen: set[str] = set()
    texts: list[tuple[KeyPath, Json]] = [((*path, "instructions"), agent.instructions)]
    for at, action in enumerate(agent.actions or []):
        place = (*path, "actions", at)
        if action.id in seen:
            yield document.problem((*place, "id"), f"the action id {action.id!r} is taken", hint="rename one of them")
        seen.add(action.id)
        texts.append(((*place, "prompt"), action.prompt))
        yield from schema_problems(document, (*place, "input"), action.input, resources)
        yield from schema_problems(document, (*place, "output"), action.output, resources)
    texts += [((*path, "memory", at, "key"), memory.key) for at, memory in enumerate(agent.memory or [])]
    for place, text in texts:
        yield from template_problems(document, place, text, None)
    if resources.is_complete:
        is_needed = is_whole(document, path)
        yield from model_problems(document, path, "model", agent.model, resources, is_needed=is_needed)
        yield from tools_problems(document, path, agent.tools, resources)
        yield from memory_problems(document, path, agent.memory, resources)


def _default_models(declared: Declarations) -> Iterator[Problem]:
    """Yield the models after the first that are marked as the default."""
    marked = [path for path, model in declared.models if model.default]
    for path in marked[1:]:
        line = declared.document.find_line((*marked[0], "default"))
        yield declared.document.problem(
            (*path, "default"), "another model is the default already", hint=f"it is in line {line}"
        )
