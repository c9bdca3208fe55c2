"""What a function of the language may ask of its arguments; each refusal says what came instead."""

import math
from collections.abc import Callable
from typing import Final

from compozy.domain.json import Json, JsonObject
from compozy.templates.errors import ArgumentError
from compozy.templates.values import kind, to_text

_INT64: Final = 2**63


def text(value: Json) -> str:
    """Return the argument as text: numbers and booleans are written out; lists, objects and nil are refused."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, list | dict):
        raise ArgumentError(f"wants a text, got {kind(value)}")
    return to_text(value)


def number(value: Json) -> int | float:
    """Return the argument as a number; text that spells one will do."""
    if isinstance(value, bool):
        raise ArgumentError("wants a number, got a boolean")
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return _spelled(value)
    raise ArgumentError(f"wants a number, got {kind(value)}")


def integer(value: Json) -> int:
    """Return the argument as an integer; a float loses its fraction, text that spells a number will do."""
    return to_integer(int, value)


def to_integer(convert: Callable[[float], int], value: Json) -> int:
    """Return the argument as the integer that ``convert`` (``int``, ``math.floor``) makes of it."""
    given = number(value)
    try:
        return convert(given)
    except (OverflowError, ValueError) as error:
        raise ArgumentError("wants a finite number") from error


def in_range(result: float) -> int | float:
    """Return a result of arithmetic, unless it left the numbers that JSON readers agree on."""
    if isinstance(result, int):
        if not -_INT64 <= result < _INT64:
            raise ArgumentError("the result does not fit 64 bits")
    elif not math.isfinite(result):
        raise ArgumentError("the result is not a finite number")
    return result


def items(value: Json) -> list[Json]:
    """Return the argument as a list."""
    if isinstance(value, list):
        return value
    raise ArgumentError(f"wants a list, got {kind(value)}")


def entries(value: Json) -> JsonObject:
    """Return the argument as an object."""
    if isinstance(value, dict):
        return value
    raise ArgumentError(f"wants an object, got {kind(value)}")


def _spelled(value: str) -> int | float:
    shown = value if len(value) <= 40 else f"{value[:40]}…"  # noqa: PLR2004 - enough to recognise it in a message
    for convert in (int, float):
        try:
            return in_range(convert(value))
        except ValueError:
            continue
    raise ArgumentError(f'wants a number, got the text "{shown}"')
