"""Ranges such as ``1..5`` and ``a..e``: what a text names that counts."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from compozy.domain.errors import InvalidError, Problem

MAX_RANGE: Final = 10_000
"""How many items one range may have."""

_ENDS: Final = re.compile(r"\s*(-?[0-9]+|\w)\s*\.\.\s*(-?[0-9]+|\w)\s*")
_MOST_DIGITS: Final = 15
_CASES: Final = {"Lu": "capital", "Ll": "small", "Lo": "caseless"}


def find_range(text: str) -> list[int] | list[str] | None:
    """Return the items of the range that a text names, both ends included; None when it names none.

    Whole numbers and single letters are ends of ranges, upwards or downwards. Letters count in the order of Unicode,
    and only those of the script and the case of the ends are taken, so that the Greek capitals have no hole in them.

    >>> find_range("3..-1")
    [3, 2, 1, 0, -1]
    >>> find_range("a..e"), find_range("δ..θ")
    (['a', 'b', 'c', 'd', 'e'], ['δ', 'ε', 'ζ', 'η', 'θ'])
    >>> find_range("see 1..5") is None
    True

    Raises:
        InvalidError: The ends do not belong together, or there are more than 10 000 items.
    """
    ends = _ENDS.fullmatch(unicodedata.normalize("NFC", text)) if ".." in text else None
    if ends is None:
        return None
    first, last = ends.groups()
    if not all(_is_number(end) or _find_alphabet(end) for end in (first, last)):
        return None
    if _is_number(first) is not _is_number(last):
        raise _refusal(first, last, "one end is a number and one a letter", "write two numbers, or two letters")
    return _numbers(first, last) if _is_number(first) else _letters(first, last)


def _numbers(first: str, last: str) -> list[int]:
    for end in (first, last):
        if len(end.lstrip("-")) > _MOST_DIGITS:
            raise _refusal(first, last, f"{end[: _MOST_DIGITS + 1]}… is too large a number", "use smaller ends")
    return list(_between(first, last, int(first), int(last)))


def _letters(first: str, last: str) -> list[str]:
    alphabet = _find_alphabet(first)
    if alphabet != _find_alphabet(last):
        said = f"{first!r} is {_described(first)} and {last!r} {_described(last)}"
        raise _refusal(first, last, said, "use two letters of one script and case")
    between = map(chr, _between(first, last, ord(first), ord(last)))
    return [letter for letter in between if _find_alphabet(letter) == alphabet]


def _between(first: str, last: str, start: int, end: int) -> Sequence[int]:
    size = abs(end - start) + 1
    if size > MAX_RANGE:
        raise _refusal(first, last, f"it has {size} items, and {MAX_RANGE} is the most", "use closer ends")
    return range(start, end + 1) if start <= end else range(start, end - 1, -1)


def _is_number(end: str) -> bool:
    return end.lstrip("-").isdecimal() and end.isascii()


def _find_alphabet(end: str) -> tuple[str, str] | None:
    """Return the script and the case of a letter; None for what is no letter, or one that has no place in a row."""
    case = _CASES.get(unicodedata.category(end)) if len(end) == 1 else None
    # The name of a letter begins with that of its script: "GREEK SMALL LETTER ALPHA".
    return None if case is None else (unicodedata.name(end, "?").split()[0], case)


def _described(letter: str) -> str:
    script, case = _find_alphabet(letter) or ("?", "?")
    return f"a {case} {script.title()} letter"


def _refusal(first: str, last: str, reason: str, hint: str) -> InvalidError:
    return InvalidError(Problem(message=f"the range {first[:20]}..{last[:20]} cannot be counted: {reason}", hint=hint))
