"""The table of schedules."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from compozy.cli.scheduling import schedules_view

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_schedule(**news):
    return {
        "workflow_id": "nightly",
        "state": "active",
        "cron": "30 4 * * *",
        "timezone": "UTC",
        "note": "",
        "next_times": ["2026-11-24T04:30:00.000000Z"],
        "running": [],
        "recent": [],
        "differs": False,
    } | news


@pytest.fixture
def shown():
    """Return a function from schedules to the lines of their table, in 80 columns, without what fills them up."""

    def show(*schedules):
        file = StringIO()
        Console(file=file, width=80).print(schedules_view(list(schedules), clock=lambda: NOON))
        return [" ".join(line.split()) for line in file.getvalue().splitlines()]

    return show


def test_a_schedule_is_a_row(shown):
    ran = {"exec_id": "e1", "due_at": "2026-11-23T04:30:00Z", "started_at": "2026-11-23T04:30:00.1Z"}

    assert shown(a_schedule(), a_schedule(workflow_id="w", cron="@every 10s", running=["e1"], recent=[ran])) == [
        "workflow when state next last running",
        "nightly 30 4 * * * active 2026-11-24 04:30:00Z never 0",
        "w @every 10s active 2026-11-24 04:30:00Z 7 h 29 min ago 1",
    ]


def test_a_time_zone_is_shown_where_it_means_something(shown):
    rows = shown(a_schedule(timezone="Europe/Lisbon"), a_schedule(cron="@every 1h", timezone="Europe/Lisbon"))

    assert "Lisbon" in rows[1]
    assert "Lisbon" not in rows[-1]


@pytest.mark.parametrize(
    ("news", "remark"),
    [
        ({"state": "paused", "note": "the shop is closed"}, "nightly: the shop is closed"),
        (
            {"state": "paused", "note": "the shop is closed", "paused_at": "2026-11-23T09:00:00.000000Z"},
            "nightly: paused 3 h 00 min ago: the shop is closed",
        ),
        ({"state": "paused", "paused_at": "2026-11-23T11:59:00.000000Z"}, "nightly: paused 1 min 00 s ago"),
        ({"state": "absent"}, "nightly: no worker has put it in force yet"),
        (
            {"differs": True},
            "nightly: is not in force as its file says; the worker that starts next mends that",
        ),
    ],
)
def test_what_is_unusual_is_told_below(shown, news, remark):
    assert " ".join(shown(a_schedule(**news))[2:]).strip() == remark


def test_what_starts_nothing_has_no_next_time(shown):
    assert shown(a_schedule(state="paused"))[1] == "nightly 30 4 * * * paused - never 0"


def test_the_note_of_a_schedule_that_was_resumed_is_not_told(shown):
    assert shown(a_schedule(note="by hand"))[2:] == []


def test_a_project_without_schedules_says_so(shown):
    assert shown() == ["no workflow of the project has a schedule"]
