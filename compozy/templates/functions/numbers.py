"""Arithmetic. Integers stay integers and divide toward zero, as in Go; with a float among them the result is one."""

import math
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any, Final

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import in_range, integer, number, to_integer

_PLACES: Final = 15


def _fold(step: Callable[[Any, Any], Any]) -> Callable[..., int | float]:
    def fold(first: Json, *others: Json) -> int | float:
        try:
            return in_range(reduce(lambda left, right: in_range(step(left, right)), map(number, others), number(first)))
        except OverflowError as error:
            raise ArgumentError("the result is not a finite number") from error

    return fold


def _divide(left: float, right: float) -> int | float:
    if right == 0:
        raise ArgumentError("division by zero")
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _modulo(left: Json, right: Json) -> int:
    dividend, divisor = integer(left), integer(right)
    if divisor == 0:
        raise ArgumentError("division by zero")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def _round(value: Json, places: Json = 0) -> float:
    """Round half away from zero."""
    digits = integer(places)
    if not 0 <= digits <= _PLACES:
        raise ArgumentError(f"wants 0 to {_PLACES} places, got {digits}")
    try:
        scaled = float(number(value)) * 10**digits
    except OverflowError as error:
        raise ArgumentError("the number is too large to round") from error
    if not math.isfinite(scaled):
        raise ArgumentError("the number is too large to round")
    return math.copysign(math.floor(abs(scaled) + 0.5) / 10**digits, scaled)


def _float64(value: Json) -> float:
    try:
        return float(number(value))
    except OverflowError as error:
        raise ArgumentError("the number is too large for a float") from error


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "add": _fold(lambda left, right: left + right),
    "sub": _fold(lambda left, right: left - right),
    "mul": _fold(lambda left, right: left * right),
    "div": _fold(_divide),
    "mod": _modulo,
    "add1": lambda value: in_range(number(value) + 1),
    "max": _fold(max),
    "min": _fold(min),
    "round": _round,
    "floor": partial(to_integer, math.floor),
    "ceil": partial(to_integer, math.ceil),
    "int": integer,
    "int64": integer,
    "float64": _float64,
}
"""Every function on numbers by its name in templates."""
