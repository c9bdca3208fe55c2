"""Samples: a value that satisfies a JSON Schema, always the same for the same schema.

It is made of what the schema gives (``const``, ``default``, ``examples``, ``enum``), else of the smallest value of the
type within the bounds. An object has all the properties that are described, so that templates find them, or, if that
cannot satisfy the schema, only those that are required. What cannot be made this way, such as a text for a pattern, has
to be scripted.
"""

from collections.abc import Callable, Iterator, Mapping
from math import inf, isfinite
from typing import Any, Final, NoReturn

import attrs
from jsonschema_rs import Draft202012Validator

from compozy.domain.errors import TaskError
from compozy.domain.json import Json, JsonObject

_DEEPEST: Final = 4
"""How deep in the sample optional properties are still filled in; a schema may describe itself, several times over."""

_MOST: Final = 10_000
"""How many items or characters are made up; what needs more has to be scripted."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "duration": "PT1S",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
"""A text for each format that is common; the addresses are those reserved for examples (RFC 2606, 5737, 3849)."""


def sample_of(schema: JsonObject) -> Json:
    """Return a value that satisfies the schema.

    Args:
        schema: Itself in order.

    Raises:
        TaskError: ``MODEL_FAILED``: none can be made up.
    """
    validator = Draft202012Validator(schema, retriever=_refuse)
    for candidate in _candidates(schema):
        if validator.is_valid(candidate):
            return candidate
    raise TaskError(
        "the mock model cannot make up an answer that satisfies the output schema; script one under params.answers",
        error_code="MODEL_FAILED",
    )


def _candidates(schema: JsonObject) -> Iterator[Json]:
    for fills in (True, False):
        yield _Sampler(root=schema, fills=fills).make(schema, "text", _DEEPEST)


def _refuse(uri: str) -> NoReturn:
    """Refuse to fetch a schema."""
    raise ValueError(uri)


@attrs.frozen
class _Sampler:
    """Makes values for the parts of one schema.

    Attributes:
        root: The schema, which references are resolved in.
        fills: Whether objects and lists get what they need not have.
    """

    root: JsonObject
    fills: bool

    def make(self, schema: Json, name: str, depth: int) -> Json:
        """Return a value for a part of the schema.

        Args:
            schema: The part.
            name: Of the property that it describes, for texts to say.
            depth: How much further down optional properties are filled in; required ones are for as much again.
        """
        if not isinstance(schema, dict) or depth < -_DEEPEST:
            return name
        schema = self._flat(schema)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        return _MAKERS[_type_of(schema)](self, schema, name, depth)

    def object(self, schema: JsonObject, _name: str, depth: int) -> JsonObject:
        """Return an object."""
        known = schema.get("properties") or {}
        required = schema.get("required") or []
        # A model that reports an error has failed, which is not what a sample is for.
        optional = [name for name in known if name != "error"] if self.fills and depth > 0 else []
        names = dict.fromkeys([*optional, *required])
        return {name: self.make(known.get(name), name, depth - 1) for name in names}

    def array(self, schema: JsonObject, name: str, depth: int) -> list[Json]:
        """Return a list: of one item, if nothing is said."""
        fixed = schema.get("prefixItems") or []
        fewest = max(_count(schema, "minItems", 0), 1 if self.fills and depth > 0 else 0)
        count = min(max(fewest, len(fixed)), _count(schema, "maxItems", fewest + len(fixed)))
        described = [*fixed, *[schema.get("items")] * (count - len(fixed))][:count]
        return [self.make(each, f"{name} {at}", depth - 1) for at, each in enumerate(described, start=1)]

    def _flat(self, schema: JsonObject) -> JsonObject:
        """Return a schema with what it refers to, and what it is combined of, in it."""
        for _ in range(_DEEPEST):
            parts = [self._resolved(schema.get("$ref")), *(schema.get("allOf") or [])]
            parts += [(schema.get(key) or [None])[0] for key in ("anyOf", "oneOf")]
            parts = [part for part in parts if isinstance(part, dict)]
            if not parts:
                break
            own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "anyOf", "oneOf"}}
            schema = _merged([*parts, own])
        return schema

    def _resolved(self, reference: Json) -> Json:
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: Json = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            step = part.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, dict) else None
        return found


def _merged(schemas: list[JsonObject]) -> JsonObject:
    """Return one schema of several: later ones win, but properties and what is required add up."""
    merged: dict[str, Any] = {}
    for schema in schemas:
        added = {key: value for key, value in schema.items() if key not in {"properties", "required"}}
        properties = {**merged.get("properties", {}), **(schema.get("properties") or {})}
        required = [*merged.get("required", []), *(schema.get("required") or [])]
        merged = {**merged, **added, "properties": properties, "required": required}
    return merged


def _type_of(schema: JsonObject) -> str:
    declared = schema.get("type")
    if isinstance(declared, list):
        declared = declared[0]
    if declared is not None:
        return str(declared)
    if schema.get("properties") or schema.get("required"):
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _count(schema: JsonObject, key: str, default: int) -> int:
    """Return how many items or characters a schema asks for, or allows."""
    return min(int(schema.get(key, default)), _MOST)


def _text(_sampler: _Sampler, schema: JsonObject, name: str, _depth: int) -> str:
    text = _FORMATS.get(schema.get("format", ""), "" if name == "error" else name)
    padded = text + "." * (_count(schema, "minLength", 0) - len(text))
    return padded[: _count(schema, "maxLength", len(padded))]


def _number(_sampler: _Sampler, schema: JsonObject, _name: str, _depth: int) -> Json:
    """Return the number nearest to zero that is within the bounds, and is a multiple of what it must be."""
    step = schema.get("multipleOf", 1 if schema.get("type") == "integer" else 0.5)
    low = max(schema.get("minimum", -inf), schema.get("exclusiveMinimum", -inf) + step)
    high = min(schema.get("maximum", inf), schema.get("exclusiveMaximum", inf) - step)
    nearest = min(max(0, low), high)
    multiple = -(-nearest // step) * step
    found = multiple if multiple <= high else nearest // step * step
    if not isfinite(found):  # the step is too small beside it
        return nearest
    return int(found) if found == int(found) else found


_MAKERS: Final[Mapping[str, Callable[[_Sampler, JsonObject, str, int], Json]]] = {
    "object": _Sampler.object,
    "array": _Sampler.array,
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda *_: True,
    "null": lambda *_: None,
}
"""What makes a value, by its type."""
