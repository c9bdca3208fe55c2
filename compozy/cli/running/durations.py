"""Durations as people read them while they wait."""

from datetime import timedelta
from typing import Final

_MINUTE_S: Final = 60


def format_seconds(duration: timedelta) -> str:
    """Return a duration, to a hundredth of a second while it is short; less than nothing, by clocks that differ, is 0.

    >>> format_seconds(timedelta(milliseconds=21)), format_seconds(timedelta(seconds=75.2))
    ('0.02 s', '1 min 15 s')
    """
    seconds = max(duration.total_seconds(), 0.0)
    if seconds < _MINUTE_S:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), _MINUTE_S)
    return f"{minutes} min {rest:02d} s"
