"""JSON Schema 2020-12 against values: what is wrong with a value, and the defaults that a schema gives."""

import copy
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, NoReturn

import attrs
from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json, JsonObject
from compozy.domain.key_paths import KeyPath, dotted
from compozy.domain.secrets import is_secret
from compozy.domain.suggestions import did_you_mean

_MOST_FAULTS: Final = 100
"""How many faults are told at once: an input of a million wrong items needs no million messages."""


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

    Defaults are filled in wherever an object or a list item is present, at any depth; an object that is absent and has
    no default of its own stays absent, since it may have required properties.

    Args:
        value: What to check; it is not changed.
        schema: What to check it against; itself in order.
        called: What problems call the value.

    Raises:
        InvalidError: With every fault, each at its path below ``called``.
    """
    try:
        filled = _with_defaults(schema, copy.deepcopy(value))
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


def _with_defaults(schema: Json, value: Json) -> Json:
    """Fill in the defaults of a value that belongs to us, and return it."""
    if not isinstance(schema, dict):
        return value
    if isinstance(value, dict):
        for name, inner in properties_of(schema).items():
            if name not in value and isinstance(inner, dict) and "default" in inner:
                value[name] = copy.deepcopy(inner["default"])
            if name in value:
                value[name] = _with_defaults(inner, value[name])
    elif isinstance(value, list):
        return [_with_defaults(schema.get("items"), item) for item in value]
    return value


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
