"""The function table of the template language: names, how many arguments they take, and what they do.

The names, and the order of arguments, are those of Go's templates and of Sprig: what a pipe brings comes last.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from compozy.templates.functions import (
    collections,
    dates,
    encoding,
    formatting,
    logic,
    numbers,
    regular,
    strings,
)


@attrs.frozen
class Function:
    """One function of the language.

    Attributes:
        call: Takes the arguments; raises ``ArgumentError`` when it refuses them. None: the evaluator does it itself.
        least: How many arguments it needs.
        most: How many it takes; None means any number.
    """

    call: Callable[..., Any] | None
    least: int
    most: int | None


def _described(call: Callable[..., Any]) -> Function:
    """Read from a signature how many arguments the function takes."""
    parameters = inspect.signature(call).parameters.values()
    positional = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    required = sum(each.default is each.empty for each in positional)
    endless = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    return Function(call, required, None if endless else len(positional))


_TABLES: Final = (logic, strings, collections, numbers, encoding, dates, formatting, regular)

FUNCTIONS: Final[Mapping[str, Function]] = {
    **{name: _described(call) for room in _TABLES for name, call in room.TABLE.items()},
    # These depend on more than their arguments' values.
    "and": Function(None, 1, None),
    "or": Function(None, 1, None),
    "now": Function(None, 0, 0),
    "uuidv4": Function(None, 0, 0),
    "env": Function(None, 1, 1),
}
"""Every function by its name in templates."""

TOLERANT: Final = frozenset({"default", "coalesce", "or", "empty"})
"""The functions that exist for what may be missing: in their arguments a missing path is nil, not an error."""
