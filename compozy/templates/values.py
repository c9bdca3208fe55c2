"""What the language knows about values: their names, truth, equality and text.

Only the JSON types exist here, and exactly these: an instance of anything else, a subclass included, is refused, so no
method or attribute of a stranger is ever called.
"""

import json
from typing import Final

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.limits import check_weight

_NAMES: Final[dict[type, str]] = {
    type(None): "nil",
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a text",
    list: "a list",
    dict: "an object",
}

PLAIN: Final = frozenset(_NAMES)
"""The types of the values that templates work on."""

_EXACT: Final = 1e21


def kind(value: Json) -> str:
    """Return what the value is, with its article: ``a text``, ``an integer``, ``nil``."""
    return _NAMES.get(type(value), f"a Python {type(value).__name__}")


def is_truthy(value: Json) -> bool:
    """Tell whether ``if`` takes the value as true: anything but false, 0, nil and what is empty."""
    _require_plain(value)
    return bool(value)


def is_equal(left: Json, right: Json) -> bool:
    """Tell whether two values are the same JSON: 1 equals 1.0, but neither true nor "1"."""
    if type(left) is bool or type(right) is bool:
        return left is right
    if type(left) is list and type(right) is list:
        return len(left) == len(right) and all(map(is_equal, left, right))
    if type(left) is dict and type(right) is dict:
        return left.keys() == right.keys() and all(is_equal(value, right[key]) for key, value in left.items())
    _require_plain(left)
    _require_plain(right)
    return bool(left == right)


def _require_plain(value: Json) -> None:
    if type(value) not in PLAIN:
        raise ArgumentError(f"{kind(value)} is nothing that templates can touch")


def to_text(value: Json) -> str:
    """Return the text that ``{{ value }}`` writes.

    Text as it is; ``true`` and ``false``; numbers in their shortest exact form (``2.0`` is ``2``); lists and objects as
    JSON with sorted keys; nil as nothing, because ``<no value>`` in a prompt or an address helps nobody.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return to_json(value)


def number_text(value: float) -> str:
    """Return a number in its shortest exact form, without a fraction when it has none."""
    if not isinstance(value, int):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else str(value)
    try:
        return str(value)
    except ValueError as error:  # Python refuses to spell out integers of thousands of digits
        raise ArgumentError("the number is too long to be written") from error


def to_json(value: Json, *, indent: int | None = None) -> str:
    """Return the value as JSON with sorted keys; compact unless ``indent`` says how many spaces a level has."""
    check_weight(value)
    separators = (",", ":") if indent is None else (",", ": ")
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=separators, indent=indent
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise ArgumentError(f"{kind(value)} with something in it that JSON cannot hold: {error}") from error
