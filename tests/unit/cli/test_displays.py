"""Progress on stderr."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from compozy.cli.running.displays import LiveDisplay, PlainDisplay, open_display
from compozy.cli.running.durations import format_seconds
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def test_plain_display_writes_the_lines_as_they_come_and_looks_at_its_clock(a_view, a_run, a_change):
    stream, times = io.StringIO(), iter([0.0, 0.0, 1.0])
    display = PlainDisplay(stream, lambda: next(times))

    display.show(a_view(a_run("each", type_=TaskType.COLLECTION)))
    for number in range(2):
        display.tell(a_change(f"n{number}", Status.SUCCESS, seconds=1, parent="each"))

    assert stream.getvalue().splitlines() == [
        "execution 01E of workflow greet",
        "  each RUNNING",
        "  each: 2 done, 2/s",
    ]


@pytest.fixture
def drawn():
    """Draw a picture of a view as a terminal of 60 columns would show it, ten seconds after the start."""

    def draw(shown, *, height=24):
        console = Console(file=io.StringIO(), width=60, height=height, force_terminal=True, color_system=None)
        display = LiveDisplay(console, lambda: T0 + timedelta(seconds=10))
        if shown is not None:
            display.show(shown)
        console.print(display.picture())
        return [line.rstrip() for line in console.file.getvalue().splitlines()]

    return draw


def test_picture_has_one_line_a_task_with_its_duration_and_indented_children(drawn, a_view, a_run):
    lines = drawn(
        a_view(
            a_run("box"),
            a_run("one", Status.SUCCESS, parent="box", seconds=1.5),
            a_run("two", Status.FAILED, parent="box", seconds=2, reason="[red]boom"),
        )
    )

    assert "greet" in lines[0]
    assert "01E" in lines[0]
    assert [line.split()[1:] for line in lines[1:]] == [
        ["box", "running", "10.00", "s"],
        ["one", "success", "1.50", "s"],
        ["two", "[red]boom", "2.00", "s"],
    ]
    assert lines[2].startswith("✓     one")
    assert lines[3].startswith("✗     two")


def test_picture_never_outgrows_the_terminal(drawn, a_view, a_run):
    many = [a_run(f"t{number}", Status.SUCCESS) for number in range(100)]

    lines = drawn(a_view(*many), height=10)

    assert len(lines) == 8
    assert "94 above" in lines[1]
    assert "t99" in lines[-1]


def test_picture_before_anything_is_known_says_that_it_starts(drawn):
    assert drawn(None)[0].endswith("starting")


def test_ended_execution_keeps_its_duration(drawn, a_view):
    assert drawn(a_view(status=Status.SUCCESS, seconds=3))[0].endswith("3.00 s")


def test_display_is_plain_when_stderr_is_no_terminal(capsys, a_view):
    with open_display() as display:
        display.show(a_view())

    assert isinstance(display, PlainDisplay)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "execution 01E of workflow greet\n"


def test_picture_counts_the_runs_in_a_collection_and_writes_those_that_failed_above(a_view, a_run, a_change):
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    display = LiveDisplay(console, lambda: T0 + timedelta(seconds=10))
    display.show(
        a_view(a_run("each", type_=TaskType.COLLECTION), a_run("old", Status.FAILED, seconds=1, parent="each"))
    )
    for number in range(300):
        display.tell(a_change(f"n{number}", Status.SUCCESS, seconds=2, parent="each"))
    display.tell(a_change("bad", Status.FAILED, seconds=2, parent="each", reason="[red]boom"))
    display.tell(a_change("bad", Status.FAILED, seconds=2, parent="each", reason="[red]boom"))
    above = console.file.getvalue().splitlines()
    console.print(display.picture())

    assert above == ["✗ old FAILED in 1.00 s", "✗ bad FAILED in 0.00 s: [red]boom"]
    lines = console.file.getvalue().splitlines()[2:]
    assert len(lines) == 2
    assert "each 300 done, 2 failed, 151/s 10.00 s" in " ".join(lines[1].split())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.00 s"), (0, "0.00 s"), (59.99, "59.99 s"), (60, "1 min 00 s"), (3725.4, "62 min 05 s")],
)
def test_durations_are_written_as_people_read_them(seconds, text):
    assert format_seconds(timedelta(seconds=seconds)) == text
