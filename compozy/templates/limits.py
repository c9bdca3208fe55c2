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


def check_weight(value: Json) -> None:
    """Refuse a value whose JSON would be larger than a template may build.

    A list may hold the same list twice, and that one another twice: few objects, an exponential text. So what counts is
    the value spelled out, and counting stops at the limit.
    """
    budget = MAX_SIZE
    pending = [value]
    while pending:
        current = pending.pop()
        budget -= 1
        if type(current) is str:
            budget -= len(current)
        elif type(current) is list:
            budget -= len(current)
            pending.extend(current)
        elif type(current) is dict:
            pending.extend(current)
            pending.extend(current.values())
        if budget < 0:
            raise ArgumentError(f"the result is larger than {MAX_SIZE} characters, which is the limit")
