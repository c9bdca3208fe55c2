"""What somebody who misspelt a name most likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MOST_LISTED: Final = 24


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
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}? known: {listed}" if close else f"known: {listed}"
