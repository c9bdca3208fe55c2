"""What is kept of a pause in the one text that a schedule has for it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from compozy.drivers.temporal.pause_notes import PauseNote, read, written

SINCE = datetime(2026, 11, 23, 12, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["the shop is closed", "", "two\nlines", "twice (since 2026-01-01T00:00:00Z)"])
def test_a_note_is_read_as_it_was_written(text):
    assert read(written(PauseNote(text, SINCE))) == PauseNote(text, SINCE)


def test_the_moment_is_written_in_utc():
    lisbon = SINCE.astimezone(timezone(timedelta(hours=1)))

    assert written(PauseNote("closed", lisbon)) == "closed (since 2026-11-23T12:30:05Z)"


@pytest.mark.parametrize(
    "text", ["", "Paused via the web UI", "why (since yesterday)", "x (since 2026-13-45T99:00:00Z)"]
)
def test_what_another_program_wrote_is_a_reason_without_a_moment(text):
    assert read(text) == PauseNote(text)
    assert written(PauseNote(text)) == text
