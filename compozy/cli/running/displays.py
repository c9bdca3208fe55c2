"""Progress of one execution on stderr: a live picture in a terminal, plain lines elsewhere."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TextIO

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status

STYLES: Final = {
    Status.SUCCESS: ("✓", "green"),
    Status.FAILED: ("✗", "red"),
    Status.TIMED_OUT: ("✗", "red"),
    Status.CANCELED: ("∅", "yellow"),
}
"""Mark and colour of the statuses that nothing follows."""

_CHROME_ROWS: Final = 4
"""Lines of the terminal that are not for tasks: the execution, what is hidden, the prompt before and after."""

_MINUTE_S: Final = 60


class Display(ABC):
    """Somewhere to show how an execution goes."""

    @abstractmethod
    def show(self, view: View) -> None:
        """Show what is known now."""


class PlainDisplay(Display):
    """One line for each change, for files and logs.

    Args:
        stream: Where the lines go; None is stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._shown: dict[str, Status] = {}

    @override
    def show(self, view: View) -> None:
        if not self._shown:
            self._line(f"execution {view.exec_id} of workflow {view.workflow_id}")
        for depth, task in view.outline():
            if self._shown.get(task.task_exec_id) is not task.status:
                self._shown[task.task_exec_id] = task.status
                self._line(f"{'  ' * (depth + 1)}{describe_task(task)}")
        if self._shown.get(view.exec_id) is not view.status:
            self._shown[view.exec_id] = view.status
            if view.status.is_terminal:
                self._line(f"{view.status} in {format_seconds(view.changed_at - view.started_at)}")

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream, err=self._stream is None)


class LiveDisplay(Display):
    """A picture that is drawn over itself: one line a task, the running ones with a clock that moves.

    Rich draws from a thread of its own; it and :meth:`show` share one reference to a frozen view, nothing else.

    Args:
        console: The terminal.
        clock: Gives the current time, UTC.
    """

    def __init__(self, console: Console, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._view: View | None = None
        self._spinner = Spinner("dots")

    @override
    def show(self, view: View) -> None:
        self._view = view

    @property
    def is_blank(self) -> bool:
        """Whether nothing has been shown yet."""
        return self._view is None

    def picture(self) -> RenderableType:
        """Return what to draw now."""
        view, now = self._view, self._clock()
        if view is None:
            return Spinner("dots", text="starting")
        grid = Table.grid(padding=(0, 1))
        rows = list(view.outline())
        hidden = max(len(rows) - max(self._console.height - _CHROME_ROWS, 1), 0)
        mark = self._mark(view.status)
        grid.add_row(mark, Text(f"{view.workflow_id}", "bold"), Text(view.exec_id, "dim"), self._clock_of(view, now))
        if hidden:
            grid.add_row("", Text(f"  … {hidden} above", "dim"))
        for depth, task in rows[hidden:]:
            name = Text("  " * (depth + 1) + task.task_id)
            note = Text(task.error or task.status.lower(), STYLES.get(task.status, ("", "dim"))[1], overflow="ellipsis")
            grid.add_row(self._mark(task.status), name, note, format_seconds(task.duration(now)))
        return grid

    def _mark(self, status: Status) -> RenderableType:
        return Text(*STYLES[status]) if status in STYLES else self._spinner

    def _clock_of(self, view: View, now: datetime) -> str:
        end = view.changed_at if view.status.is_terminal else now
        return format_seconds(max(end - view.started_at, timedelta()))


@contextmanager
def open_display() -> Iterator[Display]:
    """Open the display that suits stderr, and leave its last picture standing if it has one."""
    if not sys.stderr.isatty():
        yield PlainDisplay()
        return
    console = Console(stderr=True)
    display = LiveDisplay(console, lambda: datetime.now(UTC))
    # stdout is left alone: it carries the result, and may be a pipe.
    with Live(console=console, get_renderable=display.picture, refresh_per_second=10, redirect_stdout=False) as live:
        try:
            yield display
        finally:
            live.transient = display.is_blank


def describe_task(task: TaskView) -> str:
    """Return one line on a task: its name, how it stands, how long it took, and why it failed."""
    text = f"{task.task_id} {task.status}"
    if task.status.is_terminal:
        text += f" in {format_seconds(task.duration(task.changed_at))}"
    return f"{text}: {task.error}" if task.error else text


def format_seconds(duration: timedelta) -> str:
    """Return a duration as people read it while they wait.

    >>> format_seconds(timedelta(milliseconds=21)), format_seconds(timedelta(seconds=75.2))
    ('0.02 s', '1 min 15 s')
    """
    seconds = duration.total_seconds()
    if seconds < _MINUTE_S:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), _MINUTE_S)
    return f"{minutes} min {rest:02d} s"
