"""Progress on stderr."""

import io
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from rich.console import Console

from compozy.cli.running.displays import LiveDisplay, PlainDisplay, format_seconds, open_display
from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def task(task_id, status, *, parent=None, seconds=0.0, error=None):
    return TaskView(
        task_exec_id=task_id,
        task_id=task_id,
        parent_id=parent,
        status=status,
        error=error,
        started_at=T0,
        changed_at=T0 + timedelta(seconds=seconds),
    )


def view(status, *tasks, seconds=0.0):
    return View(
        exec_id="01E",
        workflow_id="greet",
        status=status,
        started_at=T0,
        changed_at=T0 + timedelta(seconds=seconds),
        tasks={each.task_exec_id: each for each in tasks},
    )


def test_plain_display_prints_one_line_for_each_change():
    stream = io.StringIO()
    display = PlainDisplay(stream)
    box, child = task("box", Status.RUNNING), task("child", Status.RUNNING, parent="box")

    display.show(view(Status.PENDING))
    display.show(view(Status.RUNNING, box, child))
    display.show(view(Status.RUNNING, box, child))
    failed = task("child", Status.FAILED, parent="box", seconds=0.5, error="no [such] thing")
    display.show(view(Status.RUNNING, box, failed))
    display.show(view(Status.FAILED, task("box", Status.FAILED, seconds=0.6), failed, seconds=75))

    assert stream.getvalue().splitlines() == [
        "execution 01E of workflow greet",
        "  box RUNNING",
        "    child RUNNING",
        "    child FAILED in 0.50 s: no [such] thing",
        "  box FAILED in 0.60 s",
        "FAILED in 1 min 15 s",
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


def test_picture_has_one_line_a_task_with_its_duration_and_indented_children(drawn):
    lines = drawn(
        view(
            Status.RUNNING,
            task("box", Status.RUNNING),
            task("one", Status.SUCCESS, parent="box", seconds=1.5),
            task("two", Status.FAILED, parent="box", seconds=2, error="[red]boom"),
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


def test_picture_never_outgrows_the_terminal(drawn):
    many = [task(f"t{number}", Status.SUCCESS) for number in range(100)]

    lines = drawn(view(Status.RUNNING, *many), height=10)

    assert len(lines) == 8
    assert "94 above" in lines[1]
    assert "t99" in lines[-1]


def test_picture_before_anything_is_known_says_that_it_starts(drawn):
    assert drawn(None)[0].endswith("starting")


def test_ended_execution_keeps_its_duration(drawn):
    assert drawn(attrs.evolve(view(Status.SUCCESS, seconds=3)))[0].endswith("3.00 s")


def test_display_is_plain_when_stderr_is_no_terminal(capsys):
    with open_display() as display:
        display.show(view(Status.RUNNING))

    assert isinstance(display, PlainDisplay)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "execution 01E of workflow greet\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.00 s"), (59.99, "59.99 s"), (60, "1 min 00 s"), (3725.4, "62 min 05 s")]
)
def test_durations_are_written_as_people_read_them(seconds, text):
    assert format_seconds(timedelta(seconds=seconds)) == text
