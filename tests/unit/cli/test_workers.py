"""Workers as a table."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from compozy.cli.workers import difference, workers_view

WORKER = {
    "id": "box-7-abc",
    "state": "live",
    "version": "1.0",
    "started_at": "2026-01-01T00:00:00Z",
    "age_s": 2.5,
    "same_project": True,
    "differing_workflows": [],
    "same_tools": True,
}


@pytest.fixture
def shown():
    """Return a function that gives the lines of what is shown of a listing ten seconds after the workers started."""

    def shown(*workers, unreadable=(), colours=None, width=110):
        console = Console(file=io.StringIO(), width=width, color_system=colours, force_terminal=colours is not None)
        listing = {"workers": list(workers), "unreadable_workers": list(unreadable)}
        console.print(workers_view(listing, clock=lambda: datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)))
        return console.file.getvalue().splitlines()

    return shown


def test_each_worker_has_a_row(shown):
    newer = WORKER | {
        "id": "w2",
        "state": "late",
        "age_s": 100,
        "same_project": False,
        "differing_workflows": ["greet"],
    }

    assert [line.split() for line in shown(WORKER, newer)] == [
        ["worker", "state", "last", "beat", "started", "version", "project"],
        ["box-7-abc", "live", "2.50", "s", "ago", "10.00", "s", "ago", "1.0", "same"],
        ["w2", "late", "1", "min", "40", "s", "ago", "10.00", "s", "ago", "1.0", "differs"],
        ["w2", "differs:", "greet"],
    ]


@pytest.mark.parametrize(("state", "colour", "count"), [("live", "32", 1), ("late", "33", 2), ("stale", "31", 2)])
def test_whoever_was_not_heard_of_lately_is_coloured_with_its_age(shown, state, colour, count):
    row = shown(WORKER | {"state": state}, colours="standard")[1]

    assert row.count(f"\x1b[{colour}m") == count


def test_a_long_id_fits_into_80_columns_and_nothing_of_it_is_left_out(shown):
    name = "ip-10-0-0-12.eu-west-1.compute.internal-12345-abcdef01"
    odd = WORKER | {"id": name, "same_project": False, "same_tools": False, "age_s": 3725, "version": "1.10.100"}

    heading, *rows, difference = shown(odd, width=80)

    assert max(map(len, (heading, *rows))) <= 80
    assert "".join(row[: heading.index("state")].strip() for row in rows) == name
    assert "1 h 02 min ago" in rows[0]
    assert difference == f"{name} differs: tools"


def test_without_workers_that_is_said(shown):
    assert shown() == ["no workers"]


def test_records_that_cannot_be_read_are_named(shown):
    assert shown(unreadable=["odd", "[red]"])[-1] == "cannot be read: odd, [red]"


@pytest.mark.parametrize("odd", [{}, {"age_s": "soon"}, {"age_s": 1e300}, {"age_s": None, "id": None}])
def test_what_another_version_says_otherwise_is_left_blank(shown, odd):
    assert len(shown(odd, "no object", 3)) == 2


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "same"),
        ({"same_project": False, "differing_workflows": ["a", "b"]}, "differs: a, b"),
        ({"same_project": False, "differing_workflows": ["a"], "same_tools": False}, "differs: a, tools"),
        ({"same_project": False, "differing_workflows": [], "same_tools": False}, "differs: tools"),
        ({"same_project": False, "differing_workflows": None, "same_tools": None}, "differs"),
    ],
)
def test_the_last_column_says_in_what_its_project_differs(changes, text):
    assert difference(WORKER | changes) == text
