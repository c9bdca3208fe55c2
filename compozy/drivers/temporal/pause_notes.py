"""The notes of paused schedules: why, and since when, in the one text that Temporal keeps with a schedule.

Temporal tells when a schedule was made and changed, but not when it was paused. The text is what it shows to people,
and it is written in the same step as the pause, so the two cannot contradict each other.
"""

import re
from datetime import UTC, datetime
from typing import Final

import attrs

_SINCE: Final = re.compile(r"(?P<text>.*) \(since (?P<since>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\)", re.DOTALL)


@attrs.frozen
class PauseNote:
    """Why a schedule was paused.

    Attributes:
        text: The reason; may be empty.
        since: Since when it has been, UTC, to the second; None when whoever paused it did not note that.
    """

    text: str
    since: datetime | None = None


def written(note: PauseNote) -> str:
    """Return the text that stands for a note.

    >>> written(PauseNote("the shop is closed", datetime(2026, 1, 1, 8, tzinfo=UTC)))
    'the shop is closed (since 2026-01-01T08:00:00Z)'
    """
    if note.since is None:
        return note.text
    return f"{note.text} (since {note.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ})"


def read(text: str) -> PauseNote:
    """Return the note that a text stands for; one that somebody wrote elsewhere is a reason and nothing else."""
    match = _SINCE.fullmatch(text)
    if match is None:
        return PauseNote(text)
    try:
        return PauseNote(match["text"], datetime.fromisoformat(match["since"]))
    except ValueError:  # it only looks like a moment
        return PauseNote(text)
