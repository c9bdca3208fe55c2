"""How long ago something was."""

from datetime import UTC, datetime, timedelta

import pytest

from compozy.cli.instants import ago, since

NOW = datetime(2026, 1, 1, 0, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(seconds=-3), "0.00 s ago"),
        (timedelta(seconds=59.5), "59.50 s ago"),
        (timedelta(minutes=59, seconds=59), "59 min 59 s ago"),
        (timedelta(hours=1), "1 h 00 min ago"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min ago"),
        (timedelta(days=1), "1 d 0 h ago"),
        (timedelta(days=400, hours=5), "400 d 5 h ago"),
    ],
)
def test_the_longer_ago_the_coarser_it_is_told(duration, text):
    assert ago(duration) == text


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000000Z"])
def test_an_instant_of_any_zone_is_told_from_now(text):
    assert since(text, NOW) == "1 min 15 s ago"


@pytest.mark.parametrize("instant", ["soon", "2026-01-01T00:00:00"], ids=["no instant", "without a time zone"])
def test_text_that_is_no_instant_is_shown_as_it_is(instant):
    assert since(instant, NOW) == instant


def test_nothing_is_shown_as_nothing():
    assert since(None, NOW) == ""
