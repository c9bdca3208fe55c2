"""Inputs of tasks that cannot be right: what ``with`` says against the schema of the task's input, or its tool's.

Built-in tools have schemas too.

Only what is written down as it is can be known here; a template may come to anything.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import attrs

from compozy.config.documents import Document
from compozy.config.resource_entries import SchemaReference, ToolEntry
from compozy.config.task_entry import TaskEntry
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.errors import Problem
from compozy.domain.json import Json, JsonObject
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.gaps import is_whole, knows_ways
from compozy.engine.loading.places import TEMPLATE_MARK
from compozy.engine.loading.resources import Resources
from compozy.engine.loading.schema_rules import schema_faults
from compozy.engine.loading.transitions import tasks_at_top
from compozy.engine.schemas import Fault, faults_of, properties_of

_UNQUOTED: Final = {"integer": "-?[0-9]+", "number": r"-?[0-9]+(\.[0-9]+)?", "boolean": "true|false"}


def argument_problems(document: Document, tasks: Sequence[TaskEntry], resources: Resources) -> Iterator[Problem]:
    """Yield the values and keys of ``with`` that the schemas refuse, and the keys that nobody gives and they need."""
    top = tasks_at_top(tasks)
    carried = _carried([task for _, task in top])
    for path, task in top:
        yield from _of_task(document, path, task, resources, carried.get(task.id, frozenset()))
        yield from _of_inner(document, path, task, resources)


def _of_inner(document: Document, path: KeyPath, task: TaskEntry, resources: Resources) -> Iterator[Problem]:
    at_top = [below for below, _ in task.inline_routes]
    for below, child in task.children:
        if below not in at_top:
            yield from _of_task(document, (*path, *below), child, resources, frozenset())
            yield from _of_inner(document, (*path, *below), child, resources)


def _of_task(
    document: Document, path: KeyPath, task: TaskEntry, resources: Resources, carried: Collection[str]
) -> Iterator[Problem]:
    tool = resources.tools.get(task.tool) if task.tool is not None else None
    given = {**((tool.with_ if tool is not None else None) or {}), **(task.with_ or {})}
    references = (task.input, _input_of_tool(tool), _input_of_action(task, resources))
    is_known = resources.is_complete and knows_ways(document) and is_whole(document, path)
    for schema in map(resources.schema_of, _distinct(references)):
        if schema is not None and not schema_faults(schema):
            yield from _against(document, path, task.with_ or {}, schema)
            for name in _missing(schema, {*given, *carried}) if is_known else ():
                hint = f"the schema of the input asks for it: write {name} under with"
                yield document.problem((*path, "with", name), "is required", hint=hint)


def _input_of_tool(tool: ToolEntry | None) -> SchemaReference | None:
    """Return the schema of the input of a tool, which those that are built in have, too."""
    if tool is None:
        return None
    return BUILTINS[tool.id].input if tool.id in BUILTINS else tool.input


def _input_of_action(task: TaskEntry, resources: Resources) -> SchemaReference | None:
    """Return the schema of the input of what an agent is asked to do."""
    agent = resources.agents.get(task.agent) if isinstance(task.agent, str) else task.agent
    actions = (agent.actions if agent is not None else None) or []
    return next((action.input for action in actions if action.id == task.action), None)


def _distinct(references: Sequence[SchemaReference | None]) -> list[SchemaReference]:
    """Return the schemas that are there, the same one once."""
    found: list[SchemaReference] = []
    for reference in references:
        if reference is not None and reference not in found:
            found.append(reference)
    return found


def _against(document: Document, path: KeyPath, given: JsonObject, schema: JsonObject) -> Iterator[Problem]:
    for fault in _literal_faults(given, schema):
        yield document.problem((*path, "with", *fault.path), fault.message, hint=fault.hint)


def _literal_faults(given: JsonObject, schema: JsonObject) -> Iterator[Fault]:
    """Yield what is wrong with the literal parts of an object, whatever its templates come to."""
    known = properties_of(schema)
    is_closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for name, value in given.items():
        if name in known:
            yield from (_below(name, fault) for fault in _faults_of_part(value, known[name]))
        elif is_closed:
            yield Fault((name,), "unknown property", did_you_mean(name, known))


def _faults_of_part(value: Json, schema: Json) -> Iterator[Fault]:
    if not isinstance(schema, dict) or _refers(schema):
        return
    if not _is_open(value):
        hint = _hint(value, schema)
        for fault in faults_of(value, schema, shows_secrets=True):
            yield attrs.evolve(fault, hint=hint) if fault.hint is None and not fault.path else fault
    elif isinstance(value, dict):
        yield from _literal_faults(value, schema)
    elif isinstance(value, list) and "prefixItems" not in schema:
        for at, item in enumerate(value):
            yield from (_below(at, fault) for fault in _faults_of_part(item, schema.get("items")))


def _below(name: str | int, fault: Fault) -> Fault:
    return attrs.evolve(fault, path=(name, *fault.path))


def _hint(value: Json, schema: JsonObject) -> str | None:
    """Return the way out for a value that its schema refuses: a word of those allowed, or quotes."""
    if "enum" in schema:
        return did_you_mean(str(value), map(str, schema["enum"]))
    type_ = schema.get("type")
    if type_ == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return f'quote it: "{value}"'
    if isinstance(value, str) and re.fullmatch(_UNQUOTED.get(str(type_), r"(?!)"), value):
        return f"write {value}, without quotes"
    return None


def _missing(schema: JsonObject, given: Collection[str]) -> list[str]:
    known = properties_of(schema)
    required = schema.get("required") or []
    return [
        name
        for name in required
        if name not in given and not (isinstance(known.get(name), dict) and "default" in known[name])
    ]


def _carried(tasks: Sequence[TaskEntry]) -> Mapping[str, set[str]]:
    """Return the keys that some transition gives to a task, by the task's id."""
    given: dict[str, set[str]] = {}
    for task in tasks:
        routes = [route if isinstance(route, str) else route.id for route in (task.routes or {}).values()]
        for transition, others in ((task.on_success, routes), (task.on_error, [])):
            if transition is not None and transition.with_:
                for target in (transition.next, *others):
                    given.setdefault(target or "", set()).update(transition.with_)
    return given


def _is_open(value: Json) -> bool:
    """Tell whether a value has templates in it."""
    if isinstance(value, str):
        return TEMPLATE_MARK in value
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    return isinstance(value, list) and any(map(_is_open, value))


def _refers(schema: Json) -> bool:
    """Tell whether a schema has references, which are resolved from its top alone."""
    if isinstance(schema, dict):
        return "$ref" in schema or "$dynamicRef" in schema or any(map(_refers, schema.values()))
    return isinstance(schema, list) and any(map(_refers, schema))
