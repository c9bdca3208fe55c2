"""Instants as people read them: how long ago they were."""

from datetime import datetime, timedelta
from typing import Final

from compozy.cli.running.durations import format_seconds

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


def since(instant: object, now: datetime) -> str:
    """Return how long ago an instant was, or the text itself when it is none.

    >>> since("2026-01-01T00:00:00Z", datetime.fromisoformat("2026-01-01T00:01:15Z"))
    '1 min 15 s ago'
    """
    try:
        return ago(now - datetime.fromisoformat(str(instant)))
    except (TypeError, ValueError):
        return str(instant or "")


def ago(duration: timedelta) -> str:
    """Return how long ago something was.

    >>> ago(timedelta(seconds=75)), ago(timedelta(minutes=125)), ago(timedelta(hours=27))
    ('1 min 15 s ago', '2 h 05 min ago', '1 d 3 h ago')

    Args:
        duration: What lies in between; less than nothing, by clocks that differ, counts as nothing.
    """
    if duration < _HOUR:
        return f"{format_seconds(max(duration, timedelta()))} ago"
    hours = duration // _HOUR
    if duration < _DAY:
        return f"{hours} h {duration % _HOUR // _MINUTE:02d} min ago"
    return f"{duration // _DAY} d {hours % 24} h ago"
