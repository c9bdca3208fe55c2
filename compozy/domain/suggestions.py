"""What somebody who misspelt a name most likely meant."""

from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_LISTED: Final = 24

_MOST_COMPARED: Final = 250
"""How many names on each side of where the unknown one would stand: it takes time, and few mistype the beginning."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the way out for an unknown name: the nearest one, and the list of all.

    >>> did_you_mean("gret", ["greet", "count"])
    "did you mean 'greet'? known: count, greet"
    >>> did_you_mean("x", ["greet", "count"])
    'known: count, greet'
    >>> did_you_mean("x", [])
    'there are none'
    """
    names = sorted(set(known))
    if not names:
        return "there are none"
    listed = ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")
    at = bisect_left(names, name)
    close = get_close_matches(name, names[max(0, at - _MOST_COMPARED) : at + _MOST_COMPARED], n=1)
    return f"did you mean {close[0]!r}? known: {listed}" if close else f"known: {listed}"
