"""Progress of one execution on stderr: a live picture in a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, TextIO

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from compozy.cli.running.board import FAILURES, Board
from compozy.cli.running.durations import format_seconds
from compozy.cli.running.lines import Lines, describe_task
from compozy.cli.running.sources import Watcher
from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent

STYLES: Final = {
    Status.SUCCESS: ("✓", "green"),
    Status.FAILED: ("✗", "red"),
    Status.TIMED_OUT: ("✗", "red"),
    Status.CANCELED: ("∅", "yellow"),
}
"""Mark and colour of the statuses that nothing follows."""

_CHROME_ROWS: Final = 4
"""Lines of the terminal that are not for tasks: the execution, what is hidden, the prompt before and after."""


class PlainDisplay(Watcher):
    """Lines, for files and logs.

    Args:
        stream: Where the lines go; None is stderr.
        clock: Gives the time in seconds; it never goes back.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._lines = Lines()

    @override
    def show(self, view: View) -> None:
        self._write(self._lines.show(view, self._clock()))

    @override
    def tell(self, event: ExecutionEvent) -> None:
        self._write(self._lines.tell(event, self._clock()))

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            click.echo(line, file=self._stream, err=self._stream is None)


class LiveDisplay(Watcher):
    """A picture that is drawn over itself: one line a task, the running ones with a clock that moves.

    The runs in a collection are one line, with their numbers; those that failed are written above the picture, where
    they stay. Rich draws from a thread of its own, so a lock guards the board that it draws. What is written is written
    without that lock, because Rich holds its own meanwhile, and while it asks for the picture.

    Args:
        console: The terminal.
        clock: Gives the current time, UTC.
    """

    def __init__(self, console: Console, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._board = Board()
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")

    @override
    def show(self, view: View) -> None:
        with self._lock:
            failed = [task for task in self._board.take(view) if self._is_to_stay(task)]
        self._write(failed)

    @override
    def tell(self, event: ExecutionEvent) -> None:
        with self._lock:
            task = self._board.tell(event)
            is_to_stay = task is not None and self._is_to_stay(task)
        if task is not None and is_to_stay:
            self._write([task])

    @property
    def is_blank(self) -> bool:
        """Whether nothing has been shown yet."""
        return self._board.view is None

    def picture(self) -> RenderableType:
        """Return what to draw now."""
        with self._lock:
            view, now = self._board.view, self._clock()
            if view is None:
                return Spinner("dots", text="starting")
            rows = [(depth, task, self._note_on(task)) for depth, task in self._board.listed()]
        grid = Table.grid(padding=(0, 1))
        hidden = max(len(rows) - max(self._console.height - _CHROME_ROWS, 1), 0)
        end = view.changed_at if view.status.is_terminal else now
        took = format_seconds(end - view.started_at)
        grid.add_row(self._mark(view.status), Text(view.workflow_id, "bold"), Text(view.exec_id, "dim"), took)
        if hidden:
            grid.add_row("", Text(f"  … {hidden} above", "dim"))
        for depth, task, note in rows[hidden:]:
            name = Text("  " * (depth + 1) + task.task_id)
            grid.add_row(self._mark(task.status), name, note, format_seconds(task.duration(now)))
        return grid

    def _note_on(self, task: TaskView) -> Text:
        tally = self._board.tally_of(task)
        counted = tally.describe() if tally is not None else ""
        text = ": ".join(filter(None, [counted, task.reason])) or task.status.lower()
        return Text(text, STYLES.get(task.status, ("", "dim"))[1], overflow="ellipsis")

    def _is_to_stay(self, task: TaskView) -> bool:
        return task.status in FAILURES and not self._board.is_listed(task)

    def _write(self, failed: Sequence[TaskView]) -> None:
        if failed:  # together: what is written has the whole picture drawn again
            lines = [Text.assemble(STYLES[task.status], " ", describe_task(task)) for task in failed]
            self._console.print(Text("\n").join(lines))

    def _mark(self, status: Status) -> RenderableType:
        return Text(*STYLES[status]) if status in STYLES else self._spinner


@contextmanager
def open_display() -> Iterator[Watcher]:
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
