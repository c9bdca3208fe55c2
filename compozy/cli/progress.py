"""How far copying is, on stderr: a bar in a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from compozy.app.copying import Progress
from compozy.contracts.store import Kind

_LINES: Final = 10
"""At most so many plain lines for one kind: a log wants to know that it goes on, not each page."""


class PlainProgress:
    """One line for each tenth of a kind, for files and logs."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, Kind], int] = {}

    def __call__(self, progress: Progress) -> None:
        """Tell how far it is, when that is news."""
        part = (progress.doing, progress.kind)
        tenths = _LINES * progress.done // max(progress.total, 1)
        if self._told.get(part) != tenths:
            self._told[part] = tenths
            click.echo(f"{progress.doing} {progress.kind}: {progress.done} of {progress.total}", err=True)


class BarProgress:
    """A bar for each kind that is gone through.

    Args:
        bars: Where they are drawn.
    """

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[tuple[str, Kind], TaskID] = {}

    def __call__(self, progress: Progress) -> None:
        """Draw how far it is."""
        part = (progress.doing, progress.kind)
        if part not in self._tasks:
            self._tasks[part] = self._bars.add_task(f"{progress.doing} {progress.kind}")
        self._bars.update(self._tasks[part], completed=progress.done, total=max(progress.total, progress.done))


@contextmanager
def open_progress() -> Iterator[Callable[[Progress], None]]:
    """Open what shows progress where stderr goes."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # stdout is left alone: it carries the result, and may be a pipe.
    with Bars(*columns, console=Console(stderr=True), redirect_stdout=False) as bars:
        yield BarProgress(bars)
