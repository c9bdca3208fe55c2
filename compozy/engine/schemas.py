"""JSON Schema 2020-12 against values: what is wrong with a value, and the defaults that a schema gives."""

import copy
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NoReturn
from urllib.parse import unquote

import attrs
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json, JsonObject
from compozy.domain.key_paths import KeyPath, dotted
from compozy.domain.secrets import is_secret
from compozy.domain.suggestions import did_you_mean

_MOST_FAULTS: Final = 100
"""How many faults are told at once: an input of a million wrong items needs no million messages."""

_NOTHING: Final = object()
"""Stands for a default that is not there: one may be null."""


@attrs.frozen
class Fault:
    """Something wrong inside a value that has a schema.

    Attributes:
        path: Where it is, from the outside in.
        message: What it is.
        hint: The way out, where there is one to name.
    """

    path: KeyPath
    message: str
    hint: str | None = None


def conformed(value: Json, schema: JsonObject, *, called: str) -> Json:
    """Return a value with the schema's defaults filled in, once it satisfies the schema.

    Defaults are filled in wherever an object or a list item is present, at any depth, behind references within the
    schema and in ``allOf`` too; an object that is absent and has no default of its own stays absent, since it may have
    required properties. Where two parts of the schema have a default for one value, the outer one counts.

    Args:
        value: What to check; it is not changed.
        schema: What to check it against; itself in order.
        called: What problems call the value.

    Raises:
        InvalidError: With every fault, each at its path below ``called``.
    """
    try:
        filled = _with_defaults(schema, copy.deepcopy(value), schema)
    except RecursionError:
        raise InvalidError(Problem(key=called, message="is nested too deeply", hint="flatten it")) from None
    faults = faults_of(filled, schema)
    if faults:
        raise InvalidError(
            Problem(key=dotted((called, *fault.path)), message=fault.message, hint=fault.hint) for fault in faults
        )
    return filled


def faults_of(value: Json, schema: JsonObject, *, shows_secrets: bool = False) -> list[Fault]:
    """Return what a schema that is itself in order finds wrong with a value.

    Args:
        value: What to check.
        schema: What to check it against.
        shows_secrets: Whether messages show values below keys that sound secret, as in a value that only describes.

    Raises:
        jsonschema_rs.ValidationError: The schema is not in order.
    """
    validator = compile_schema(schema)
    try:
        errors = list(islice(validator.iter_errors(value), _MOST_FAULTS))
    except ValueError as error:  # not JSON, or nested deeper than the library goes
        return [Fault((), str(error).lower())]
    return [fault for error in errors for fault in _faults(error, schema, shows_secrets=shows_secrets)]


def compile_schema(schema: JsonObject) -> Draft202012Validator:
    """Return a validator that never reads anything but the schema itself.

    Raises:
        jsonschema_rs.ValidationError: It is not JSON Schema 2020-12, or refers to something outside.
    """
    return Draft202012Validator(schema, retriever=_refuse)


def _refuse(uri: str) -> NoReturn:
    """Refuse to fetch a schema: reading a project or checking an input must not reach out."""
    raise ValueError(uri)


def _with_defaults(schema: Json, value: Json, root: JsonObject) -> Json:
    """Fill in the defaults of a value that belongs to us, and return it.

    Args:
        schema: The value's own.
        value: What to fill.
        root: The whole schema, in which references lead.
    """
    for part in _parts(schema, root):
        if isinstance(value, dict):
            _fill_object(part, value, root)
        elif isinstance(value, list):
            value = [_with_defaults(part.get("items"), item, root) for item in value]
    return value


def _fill_object(schema: JsonObject, value: JsonObject, root: JsonObject) -> None:
    properties = properties_of(schema)
    for name, inner in properties.items():
        if name not in value:
            given = next((part["default"] for part in _parts(inner, root) if "default" in part), _NOTHING)
            if given is _NOTHING:
                continue
            value[name] = copy.deepcopy(given)
        value[name] = _with_defaults(inner, value[name], root)
    others = schema.get("additionalProperties")
    if isinstance(others, dict) and "patternProperties" not in schema:
        for name in value.keys() - properties.keys():
            value[name] = _with_defaults(others, value[name], root)


def _parts(schema: Json, root: JsonObject) -> list[JsonObject]:
    """Return a schema, with those that a value must satisfy besides: behind its ``$ref`` and in its ``allOf``."""
    found: list[JsonObject] = []
    pending = [schema]
    for each in pending:  # grows meanwhile
        if not isinstance(each, dict) or any(each is other for other in found):
            continue
        found.append(each)
        if isinstance(each.get("$ref"), str):
            pending.append(_behind(each["$ref"], root))
        if isinstance(each.get("allOf"), list):
            pending.extend(each["allOf"])
    return found


def _behind(reference: str, root: JsonObject) -> Json:
    """Return what a JSON pointer leads to in the schema; None for all other references, whose defaults are not seen."""
    place, _, pointer = reference.partition("#")
    if place or not pointer.startswith("/"):
        return root if not place and not pointer else None
    found: Json = root
    for step in pointer[1:].split("/"):
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key)] if isinstance(found, list) else found[key]
        except (LookupError, TypeError, ValueError):
            return None
    return found


def properties_of(schema: JsonObject) -> Mapping[str, Any]:
    """Return the schemas of an object's properties."""
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _faults(error: ValidationError, schema: JsonObject, *, shows_secrets: bool) -> Iterator[Fault]:
    """Yield the library's error with the path and the words of ours."""
    path = tuple(error.instance_path)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        yield Fault((*path, kind.property), "is required")
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        known = properties_of(_owner(error, schema))
        for name in kind.unexpected:
            yield Fault((*path, name), "unknown property", did_you_mean(name, known) if known else None)
    elif not shows_secrets and any(is_secret(str(part)) for part in path):
        yield Fault(path, f"does not satisfy {kind.name!r}")  # the library's message would show the value
    else:
        yield Fault(path, error.message)


def _owner(error: ValidationError, schema: Json) -> JsonObject:
    """Return the schema whose keyword an error is about; empty when it is in a resource of its own."""
    for part in error.schema_path[:-1]:
        try:
            schema = schema[part]
        except (LookupError, TypeError):
            return {}
    return schema if isinstance(schema, dict) else {}
