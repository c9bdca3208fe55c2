"""Input schemas that cannot work: not JSON Schema, pointing outside, or with defaults that they refuse themselves."""

from collections.abc import Iterator
from typing import Final

from jsonschema_rs import ValidationError

from compozy.config.documents import Document, KeyPath
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.errors import Problem
from compozy.domain.json import Json, JsonObject
from compozy.engine.inputs import Fault, compile_schema, faults_of, properties_of

_METASCHEMA: Final[JsonObject] = {"$ref": "https://json-schema.org/draft/2020-12/schema"}  # comes with the library
_DIALECT: Final = "write JSON Schema 2020-12"
_TYPES: Final = "allowed: array, boolean, integer, null, number, object, string"


def input_schema_problems(document: Document, workflow: WorkflowFile) -> Iterator[Problem]:
    """Yield what is wrong with the schema of the workflow's input."""
    schema = workflow.config.input if workflow.config else None
    for fault in schema_faults(schema) if schema is not None else []:
        yield document.problem(("config", "input", *fault.path), fault.message, hint=fault.hint)


def schema_faults(schema: JsonObject) -> list[Fault]:
    """Return what makes the schema unusable, the coarsest kind of fault only: the others would follow from it."""
    # The metaschema reaches some keywords on several ways, and then says the same several times.
    faults = list(dict.fromkeys(_in_words(fault) for fault in faults_of(schema, _METASCHEMA, shows_secrets=True)))
    return faults or _compilation_faults(schema) or list(_default_faults(schema, ()))


def _in_words(fault: Fault) -> Fault:
    """Return a fault of a schema with a hint; the metaschema has little to say about a wrong type."""
    if fault.path[-1:] == ("type",) and "anyOf" in fault.message:
        value = fault.message.split(" is not valid under", maxsplit=1)[0]
        return Fault(fault.path, f"{value} is not a type", _TYPES)
    return Fault(fault.path, fault.message, fault.hint or _DIALECT)


def _compilation_faults(schema: JsonObject) -> list[Fault]:
    """Return what only compiling shows: references that lead nowhere or outside, expressions that are none."""
    try:
        compile_schema(schema)
    except ValidationError as error:
        if error.instance_path:
            return [Fault(tuple(error.instance_path), error.message, _DIALECT)]
        # An unresolved reference comes without its place, but its text is in the message.
        hint = "put it under $defs and write #/$defs/name"
        faults = [
            Fault(path, f"{reference!r} leads to nothing in this schema", hint)
            for path, reference in _references(schema, ())
            if reference.removeprefix("#") in error.message
        ]
        return faults[:1] or [Fault((), error.message, _DIALECT)]
    return []


def _default_faults(schema: JsonObject, path: KeyPath) -> Iterator[Fault]:
    """Yield the defaults of properties that their own schemas refuse."""
    for name, inner in properties_of(schema).items():
        if not isinstance(inner, dict):
            continue
        here = (*path, "properties", name)
        # A reference is resolved from the top of the schema, so what is behind one shows when an input is checked.
        if "default" in inner and not any(_references(inner, ())):
            for fault in faults_of(inner["default"], inner, shows_secrets=True):
                message = f"the default does not satisfy the schema: {fault.message}"
                yield Fault((*here, "default", *fault.path), message, fault.hint)
        yield from _default_faults(inner, here)


def _references(schema: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield every reference in the schema with its place."""
    if isinstance(schema, dict):
        for key, inner in schema.items():
            if key in {"$ref", "$dynamicRef"} and isinstance(inner, str):
                yield (*path, key), inner
            yield from _references(inner, (*path, key))
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from _references(inner, (*path, index))
