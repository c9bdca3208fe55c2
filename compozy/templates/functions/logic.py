"""Comparison, choice and defaults."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.values import is_equal, is_truthy, kind


def _equal(value: Json, first: Json, *others: Json) -> bool:
    """Tell whether the value equals any of the others."""
    return any(is_equal(value, other) for other in (first, *others))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Json, Json], bool]:
    def ordered(left: Json, right: Json) -> bool:
        if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
            raise ArgumentError(f"cannot order {kind(left)} and {kind(right)}; both must be numbers or texts")
        return compare(left, right)

    return ordered


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _default(fallback: Json, value: Json = None) -> Json:
    return value if is_truthy(value) else fallback


def _coalesce(*values: Json) -> Json:
    return next(filter(is_truthy, values), None)


def _ternary(when_true: Json, when_false: Json, condition: Json) -> Json:
    return when_true if is_truthy(condition) else when_false


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "eq": _equal,
    "ne": lambda left, right: not is_equal(left, right),
    "lt": _ordered(lambda left, right: left < right),
    "le": _ordered(lambda left, right: left <= right),
    "gt": _ordered(lambda left, right: left > right),
    "ge": _ordered(lambda left, right: left >= right),
    "not": lambda value: not is_truthy(value),
    "default": _default,
    "coalesce": _coalesce,
    "empty": lambda value: not is_truthy(value),
    "ternary": _ternary,
}
"""Every function of choice by its name in templates; ``and`` and ``or`` are the evaluator's, since they stop early."""
