"""What an evaluation may cost: refused before it begins, because the library cannot be interrupted.

The library stops after 10 000 turns of macros in all. It does not bound what one turn does: it copies what is read,
builds the list of ``filter`` and ``map`` anew for each item, compares and searches to the end, and a chain of
``map(x, x + x)`` doubles with every link. So the work is estimated from above, out of what the text repeats and how
large the values are.
"""

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import Final

import attrs

from compozy.domain.json import Json
from compozy.templates.cel.names import BUILDERS
from compozy.templates.cel.reading import Names, Read, Reading
from compozy.templates.cel.values import GREATEST, LEAST, ValueRefusedError, check_text

MAX_LENGTH: Final = 10_000
"""Characters of an expression."""

MAX_VALUES: Final = 200_000
"""Values that an expression may read; copying them takes some tenths of a second."""

MAX_CHARACTERS: Final = 4 * 1024 * 1024
"""Characters in the texts that an expression may read."""

MAX_NESTING: Final = 100
"""How deep the values that an expression reads may nest."""

MAX_BUILT: Final = 2_000
"""Items of a list that ``filter`` and ``map`` go through: their time grows with the square."""

MAX_TURNS: Final = 10_000
"""Items that the macros of an expression go through in all; the library's own limit."""

MAX_MATCHED: Final = 1_000
"""Items of a list that may be matched with a regular expression, which is compiled again for each."""

MAX_WORK: Final = 1_000_000_000
"""The most work that is begun, in characters touched; about as many nanoseconds, and mostly far fewer."""

_VALUE: Final = 10
"""What touching one value costs, in characters."""

_JOIN: Final = 16
"""How much more a text costs that is built, in memory above all."""

_LESS: Final = "let it read less: name the field that decides, or let a tool decide"


class TooMuchError(Exception):
    """The evaluation might take too long; says what is too large, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@attrs.define
class Size:
    """How large some values are.

    Attributes:
        values: How many there are inside others.
        characters: Of all texts together, the keys of objects included.
        longest_list: Items of the longest list, or keys of the largest object.
        longest_text: Characters of the longest text.
        heaviest_item: The work that the largest thing in a list or object may be.
        has_large: Whether there is a whole number beyond 64 bits.
    """

    values: int = 0
    characters: int = 0
    longest_list: int = 0
    longest_text: int = 0
    heaviest_item: int = 0
    has_large: bool = False

    def add(self, value: Json, depth: int = 0) -> int:
        """Take a value in, and all that is inside; return its weight.

        Raises:
            TooMuchError: There is more than may be read.
            ValueRefusedError: It is not JSON, or a text in it would arrive as another.
        """
        kind = type(value)
        if kind is str:
            return _VALUE + self._add_text(value)
        if kind is dict:
            return _VALUE + sum(map(self._add_text, value)) + self._add_items(value.values(), depth + 1)
        if kind is list:
            return _VALUE + self._add_items(value, depth + 1)
        if kind is int:
            if not LEAST <= value <= GREATEST:
                self.has_large = True
        elif value is not None and kind is not bool and kind is not float:
            raise ValueRefusedError(f"a Python {kind.__name__} is nothing that expressions can touch")
        return _VALUE

    def _add_items(self, items: Collection[Json], depth: int) -> int:
        if depth > MAX_NESTING:
            raise TooMuchError(f"what it reads nests more than {MAX_NESTING} deep, which is the limit", _LESS)
        self.longest_list = max(self.longest_list, len(items))
        self.values += len(items)
        if self.values > MAX_VALUES:
            raise TooMuchError(f"it reads more than {MAX_VALUES} values, which is the limit", _LESS)
        total = heaviest = 0
        for item in items:
            weight = self.add(item, depth)
            total += weight
            if weight > heaviest:  # noqa: PLR1730 - faster than max(), and everything that is read goes through here
                heaviest = weight
        self.heaviest_item = max(self.heaviest_item, heaviest)
        return total

    def _add_text(self, text: str) -> int:
        check_text(text)
        length = len(text)
        self.characters += length
        if length > self.longest_text:  # noqa: PLR1730 - same
            self.longest_text = length
        if self.characters > MAX_CHARACTERS:
            raise TooMuchError(
                f"the texts that it reads have more than {MAX_CHARACTERS} characters, which is the limit", _LESS
            )
        return length


def check_cost(reading: Reading, size: Size, weights: Mapping[Names, int]) -> None:
    """Refuse an evaluation that might take more than about a second.

    Args:
        reading: What the expression reads, and how it goes about it.
        size: How large all that it reads is.
        weights: The weight of each path that it reads; a path without one leads nowhere.

    Raises:
        TooMuchError: It might.
    """
    width = _width(reading, size)
    turns = _turns(reading, width)
    functions = {macro.function for macro in reading.macros}
    if functions & BUILDERS and width > MAX_BUILT:
        raise TooMuchError(
            f"filter or map may go through {width} items, and {MAX_BUILT} is the limit",
            "use all, exists or exists_one, or let a tool filter",
        )
    if "matches" in reading.calls and turns > MAX_MATCHED:
        raise TooMuchError(
            f"a regular expression may be matched with {turns} items, and {MAX_MATCHED} is the limit",
            "use startsWith, endsWith or contains, or let a tool match",
        )
    joins = 1 + _JOIN * reading.signs["+"]
    if _growth(reading, width) * joins * _bulk(reading.reads, reading, size, weights, turns) > MAX_WORK:
        raise TooMuchError("it may take too long for what it reads", _LESS)


def _width(reading: Reading, size: Size) -> int:
    """Return how long a list may become."""
    width = max(size.longest_list, reading.signs[","] + 1)
    if "split" in reading.calls:
        width = max(width, size.longest_text + 1, reading.longest_text)
    chained = len(reading.macros) > 1 and reading.signs["+"] > reading.joins
    return width * (1 + reading.joins) * (_growth(reading, 1) if chained else 1)


def _turns(reading: Reading, width: int) -> int:
    """Return how many turns the macros may take in all."""
    if not reading.macros:
        return 0
    nesting = 1 + max(macro.surrounding for macro in reading.macros)
    return int(min(MAX_TURNS, len(reading.macros) * min(width, MAX_TURNS) ** nesting))


def _growth(reading: Reading, width: int) -> int:
    """Return how many times what goes into a chain of ``map`` may come out of it.

    One of them is left out: what a single one makes is no more than its turns touch.
    """
    factors = sorted(
        max(1, macro.used + macro.used_within * width) for macro in reading.macros if macro.function == "map"
    )
    return prod(factors[:-1])


def _bulk(reads: Iterable[Read], reading: Reading, size: Size, weights: Mapping[Names, int], turns: int) -> int:
    """Return the work of touching everything that is named as often as it is."""
    named = sum(weights.get(read.names, 0) * (turns if read.repeats else 1) for read in reads)
    carried = sum(macro.used_within for macro in reading.macros) * turns * size.heaviest_item
    return named + carried + reading.longest_text + _VALUE * turns
