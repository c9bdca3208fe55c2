"""How much one template may cost: nothing in the language can exceed these, whatever data it is given."""

from typing import Final

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError

MAX_DEPTH: Final = 20
"""How deep blocks and parentheses nest in a template, how long a pipe is, and how deep a rendered value nests."""

MAX_SIZE: Final = 10 * 1024 * 1024
"""Characters of a text, or items and characters together of a value, that a template may build."""

MAX_STEPS: Final = 1_000_000
"""Expressions and statements that one template may evaluate; about a second."""

MAX_ITEMS: Final = 100_000
"""Items of a list that a template counts out (``until``, ``seq``, ``range 10``)."""

MAX_SCANNED: Final = 2_000_000_000
"""Characters that the searches for all matches of a regular expression may read, each to the end; some seconds."""


def check_size(size: int) -> None:
    """Refuse a text that would be longer than a template may build; called before it is built."""
    if size > MAX_SIZE:
        raise ArgumentError(f"the result would have {size} characters, and {MAX_SIZE} is the limit")


def weigh(value: Json, *, item: int = 1) -> int:
    """Return how large a value is, spelled out: its characters, and ``item`` for everything in it, itself included.

    A list may hold the same list twice, and that one another twice: few objects, an exponential text. So what counts
    is the value spelled out; and each list and object is looked into once, so that to count does not take that long.
    """
    return _weigh(value, item, {})


def _weigh(value: Json, item: int, known: dict[int, int]) -> int:
    if type(value) is str:
        return item + len(value)
    if type(value) is not list and type(value) is not dict:
        return item
    weight = known.get(id(value))
    if weight is None:
        inside = value if isinstance(value, list) else (*value, *value.values())
        weight = known[id(value)] = item + sum([_weigh(each, item, known) for each in inside])
    return weight


def check_weight(value: Json) -> None:
    """Refuse a value whose JSON would be larger than a template may build."""
    if weigh(value) > MAX_SIZE:
        raise ArgumentError(f"the result is larger than {MAX_SIZE} characters, which is the limit")
