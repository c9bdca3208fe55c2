"""How values are written, as patterns for editors: what a schema can say of it, and the words when it is not so.

A pattern may accept what the program then refuses (``0s`` is no time at all), never the other way round; a test
compares the two. They are regular expressions of JavaScript, which has no flag for "in any case" within a pattern.
"""

from collections.abc import Iterable
from typing import Any, Final

from compozy.domain.durations import DURATION_UNITS
from compozy.domain.sizes import SIZE_UNITS

_NUMBER: Final = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"


def in_any_case(word: str) -> str:
    """Return the pattern of a word whose letters may be capital.

    >>> in_any_case("30s")
    '30[sS]'
    """
    return "".join(f"[{letter}{letter.upper()}]" if _has_two_cases(letter) else letter for letter in word)


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of one of the words, in any case."""
    # The longest first, so that a minute is not read as a month's first letter.
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(in_any_case, ordered))})"


def text_like(pattern: str, *, title: str, hint: str) -> dict[str, Any]:
    """Return the schema of a text that has this pattern from end to end.

    Args:
        pattern: Without anchors.
        title: What the value is, for people.
        hint: What editors that know ``patternErrorMessage`` say when it is not so.
    """
    return {"type": "string", "title": title, "pattern": f"^{pattern}$", "patternErrorMessage": hint}


def duration_or(word: str) -> dict[str, Any]:
    """Return the schema of a duration, or of a word that takes its place."""
    pattern = f"{any_of([word])}|{_DURATION}"
    return text_like(f"(?:{pattern})", title=f"duration, or {word}", hint=f"{_DURATION_HINT}; or {word}")


def _has_two_cases(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


_DURATION: Final = rf"\s*(?:(?:{_NUMBER}|\.[0-9]{{1,18}})\s*{any_of(DURATION_UNITS)}[\s,]*)+"
_DURATION_HINT: Final = 'a duration has units, such as "500ms", "30s" or "1m30s"'

DURATION: Final = text_like(_DURATION, title="duration", hint=_DURATION_HINT)
"""A duration, such as ``1m30s``."""

SIZE: Final = text_like(
    rf"\s*{_NUMBER}\s*{any_of(SIZE_UNITS)}\s*",
    title="size",
    hint='a size has a unit, such as "256mb" or "1gib"',
)
"""A number of bytes, such as ``256mb``."""
