"""JSON Schemas that cannot work: unknown, not JSON Schema, pointing outside, or refusing their own defaults."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jsonschema_rs import ValidationError

from compozy.config.documents import Document
from compozy.config.resource_entries import SchemaReference
from compozy.domain.errors import Problem
from compozy.domain.json import Json, JsonObject
from compozy.domain.key_paths import KeyPath
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.resources import Resources
from compozy.engine.schemas import Fault, compile_schema, faults_of, properties_of

_METASCHEMA: Final[JsonObject] = {"$ref": "https://json-schema.org/draft/2020-12/schema"}  # comes with the library
_DIALECT: Final = "write JSON Schema 2020-12"
_TYPES: Final = "allowed: array, boolean, integer, null, number, object, string"


def schema_problems(
    document: Document, path: KeyPath, reference: SchemaReference | None, resources: Resources
) -> Iterator[Problem]:
    """Yield what is wrong where a JSON Schema, or the id of one, stands."""
    if isinstance(reference, str):
        if resources.is_complete and reference not in resources.schemas:
            yield document.problem(
                path, f"there is no schema {reference!r}", hint=did_you_mean(reference, resources.schemas)
            )
        return
    for fault in schema_faults(reference) if reference is not None else ():
        yield document.problem((*path, *fault.path), fault.message, hint=fault.hint)


def declared_schema_problems(document: Document, path: KeyPath, schema: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with a schema that others name by its id."""
    if not isinstance(schema.get("id"), str) or not schema["id"]:
        yield document.problem((*path, "id"), "is required", hint="others name the schema by it")
    body = {key: value for key, value in schema.items() if key != "id"}
    for fault in schema_faults(body):
        yield document.problem((*path, *fault.path), fault.message, hint=fault.hint)


def schema_faults(schema: JsonObject) -> tuple[Fault, ...]:
    """Return what makes the schema unusable, the coarsest kind of fault only: the others would follow from it."""
    return _faults_of_text(json.dumps(schema))


@lru_cache(maxsize=512)  # the same schema is named by many tools and tasks
def _faults_of_text(text: str) -> tuple[Fault, ...]:
    schema: JsonObject = json.loads(text)
    # The metaschema reaches some keywords on several ways, and then says the same several times.
    faults = list(dict.fromkeys(_in_words(fault) for fault in faults_of(schema, _METASCHEMA, shows_secrets=True)))
    return tuple(faults or _compilation_faults(schema) or _default_faults(schema, ()))


def _in_words(fault: Fault) -> Fault:
    """Return a fault of a schema with a hint; the metaschema has little to say about a wrong type."""
    if fault.path[-1:] == ("type",) and "anyOf" in fault.message:
        value = fault.message.split(" is not valid under", maxsplit=1)[0]
        return Fault(fault.path, f"{value} is not a type", _TYPES)
    if fault.path[-1:] == ("required",) and "array" in fault.message:
        return Fault(fault.path, fault.message, "write a list of the names: [name]")
    return Fault(fault.path, fault.message, fault.hint or _DIALECT)


def _compilation_faults(schema: JsonObject) -> list[Fault]:
    """Return what only compiling shows: references that lead nowhere or outside, expressions that are none."""
    try:
        compile_schema(schema)
    except ValidationError as error:
        if error.instance_path:
            return [Fault(tuple(error.instance_path), error.message, _DIALECT)]
        # An unresolved reference comes without its place, but its text is in the message.
        faults = [
            Fault(path, f"{reference!r} leads to nothing in this schema", _reference_hint(reference))
            for path, reference in _references(schema, ())
            if reference.removeprefix("#") in error.message
        ]
        return faults[:1] or [Fault((), error.message, _DIALECT)]
    return []


def _reference_hint(reference: str) -> str:
    if "::" in reference:
        return "write the id of the schema in the place of the whole schema"
    return "put it under $defs and write #/$defs/name"


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
