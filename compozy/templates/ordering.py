"""The order of keys: as texts, but where both have digits in one place, by the numbers they spell."""

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

_DIGITS: Final = re.compile(r"([0-9]+)")

_Place: TypeAlias = tuple[tuple[str | tuple[int, str], ...], str]


def naturally(keys: Iterable[str]) -> list[str]:
    """Return keys in the order that people would put them in.

    >>> naturally(["k-10", "k-2", "a", "k-02"])
    ['a', 'k-02', 'k-2', 'k-10']
    """
    return sorted(keys, key=_place_of)


def _place_of(key: str) -> _Place:
    # Texts and digits take turns, so that only like is compared with like; the key itself decides between 2 and 02.
    parts = _DIGITS.split(key)
    return tuple(_number(part) if index % 2 else part for index, part in enumerate(parts)), key


def _number(digits: str) -> tuple[int, str]:
    """Return what compares as the number does, however long it is: int() refuses some thousand digits."""
    significant = digits.lstrip("0")
    return len(significant), significant
