"""What goes into an evaluation and what may come out of it: JSON values only, and those that the library can hold."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from compozy.domain.json import Json, JsonObject
from compozy.templates.cel.answers import Answer
from compozy.templates.cel.reading import Names

MAX_RESULT: Final = 10_000
"""Values that a result may hold; an expression decides, it does not carry data."""

LEAST: Final = -(2**63)
GREATEST: Final = 2**63 - 1
"""The whole numbers that the library can hold; those above it takes as unsigned, which it adds to no others."""

_SCALARS: Final = {"BOOL": bool, "INT": int, "UINT": int, "DOUBLE": float, "STRING": str}
_OTHERS: Final = {
    "BYTES": "bytes",
    "TIMESTAMP": "a timestamp",
    "DURATION": "a duration",
    "TYPE": "a type",
}


class ValueRefusedError(Exception):
    """A value cannot go in, or cannot come out."""


def pick(paths: Iterable[Names], variables: Mapping[str, Json]) -> JsonObject:
    """Return the variables without what no path leads to; what is left is shared with the original."""
    wanted: dict[str, Any] = {}
    for path in sorted(paths):  # a path comes before those that continue it
        _want(wanted, path)
    return _picked(variables, wanted)


@attrs.frozen
class Found:
    """What a path leads to.

    Attributes:
        value: What is there, or where the path ends before its time.
        length: How many names of the path lead somewhere.
    """

    value: Json
    length: int


def follow(path: Names, variables: JsonObject) -> Found:
    """Follow a path as far as there are objects that have its names."""
    value: Json = variables
    for position, name in enumerate(path):
        if type(value) is not dict or name not in value:
            return Found(value, position)
        value = value[name]
    return Found(value, len(path))


def round_large(value: Json) -> Json:
    """Return the value with floats in place of the whole numbers beyond 64 bits, which the library cannot hold.

    Raises:
        ValueRefusedError: A number is too large for a float, too.
    """
    if type(value) is list:
        return [round_large(item) for item in value]
    if type(value) is dict:
        return {key: round_large(item) for key, item in value.items()}
    return _as_float(value) if type(value) is int and not LEAST <= value <= GREATEST else value


def check_text(text: Json) -> str:
    """Return a text that arrives whole: the library cuts at NUL, and cannot write half a character.

    Raises:
        ValueRefusedError: It would not.
    """
    if type(text) is not str:
        raise ValueRefusedError(f"it reads an object with a key that is no text: {text!r:.40}")
    if "\0" in text:
        raise ValueRefusedError("there is a NUL character in a text of it")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueRefusedError("there is half a character (a lone surrogate) in a text of it") from error
    return text


def to_json(answer: Answer) -> Json:
    """Return a result as JSON.

    Raises:
        ValueRefusedError: It is none.
    """
    return _to_json(answer, [MAX_RESULT])


def refusal(name: str) -> str | None:
    """Return why a result of the library's type ``name`` is no JSON, or None when it may be."""
    other = _OTHERS.get(name.partition("<")[0])
    return f"the result is {other}, which JSON cannot hold" if other else None


def _want(wanted: dict[str, Any], path: Names) -> None:
    """Note a path; None stands for all that is there."""
    for name in path[:-1]:
        below = wanted.setdefault(name, {})
        if below is None:
            return
        wanted = below
    wanted[path[-1]] = None


def _picked(value: Mapping[str, Json], wanted: Mapping[str, Any]) -> JsonObject:
    picked: JsonObject = {}
    for name, below in wanted.items():
        if name in value:
            found = value[name]
            picked[name] = _picked(found, below) if below is not None and type(found) is dict else found
    return picked


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise ValueRefusedError("a number in it is too large") from error


def _to_json(answer: Answer, budget: list[int]) -> Json:
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueRefusedError(f"the result has more than {MAX_RESULT} values, which is the limit")
    name = answer.type().name()
    if name == "NULL":
        # Not asked for its value: the library gives None away without owning it, and Python 3.11 dies of the last one.
        return None
    if name in _SCALARS:
        return _scalar(answer.value())
    if name.startswith("LIST"):
        return [_to_json(item, budget) for item in answer.value()]
    if name.startswith("MAP"):
        return {_key(key): _to_json(item, budget) for key, item in answer.value().items()}
    raise ValueRefusedError(refusal(name) or "the result is no JSON value")


def _scalar(value: Any) -> Json:
    if type(value) is float and not abs(value) < float("inf"):
        raise ValueRefusedError(f"the result is {value}, which JSON cannot hold")
    return value


def _key(key: Any) -> str:
    if type(key) is not str:
        raise ValueRefusedError(f"the result has the key {key!r}, and JSON has only texts as keys")
    return key
