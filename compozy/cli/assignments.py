"""``name=value`` arguments to a JSON object."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from compozy.domain.json import Json, JsonObject


def parse_value(text: str) -> Json:
    """Return what ``text`` means: the JSON value that it is, or else the text itself.

    >>> parse_value("3"), parse_value("[1]"), parse_value("Ada"), parse_value('"3"'), parse_value("NaN")
    (3, [1], 'Ada', '3', 'NaN')
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text


def parse_assignments(assignments: Iterable[str]) -> JsonObject:
    """Return the object that these arguments make; a dot in a name nests.

    >>> parse_assignments(["name=Ada", "user.age=36"])
    {'name': 'Ada', 'user': {'age': 36}}

    Raises:
        ValueError: One has no ``=``, has an empty name, or contradicts one before it; says which and what to write.
    """
    result: JsonObject = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(f"{assignment!r} has no '='; write name=value")
        path = name.split(".")
        if not all(path):
            raise ValueError(f"{assignment!r} has an empty name; write name=value, or outer.inner=value")
        _put(result, path, parse_value(text), name=name)
    return result


def merge(base: JsonObject, over: JsonObject) -> JsonObject:
    """Return ``base`` with ``over`` laid over it, object by object; everything but objects is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _put(target: JsonObject, path: list[str], value: Json, *, name: str) -> None:
    *parents, last = path
    place: Any = target
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ValueError(f"{name!r} is inside {parent!r}, which was given a value of its own")  # noqa: TRY004 - the text is wrong, not a type
    if last in place:
        raise ValueError(f"{name!r} is given twice")
    place[last] = value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
