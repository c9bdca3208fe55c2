"""What somebody who misspelt a name most likely meant."""

from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_LISTED: Final = 24

_MOST_BESIDE: Final = 12
"""How many are listed beside the one that was meant: that one is what most look for."""

_MOST_COMPARED: Final = 250
"""How many names on each side of where the unknown one would stand: it takes time, and few mistype the beginning."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the way out for an unknown name: the nearest one, and the list of all when it is short.

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
    close = find_nearest(name, names)
    if close is None:
        return f"known: {listed}"
    return f"did you mean {close!r}?" if len(names) > _MOST_BESIDE else f"did you mean {close!r}? known: {listed}"


def find_nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the one of some names that is most like this one; None when none is much like it.

    >>> find_nearest("retrys", ["retries", "tries"]), find_nearest("x", ["greet"])
    ('retries', None)

    Args:
        name: The name that nothing has.
        known: Those that something has.
        likeness: How much it has to be like it, from 0 to 1.
    """
    names = sorted(set(known))
    at = bisect_left(names, name)
    close = get_close_matches(name, names[max(0, at - _MOST_COMPARED) : at + _MOST_COMPARED], n=1, cutoff=likeness)
    return close[0] if close else None
