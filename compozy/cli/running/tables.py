"""The task runs of an execution as a table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from compozy.cli.running.board import FAILURES, Board
from compozy.cli.running.displays import STYLES
from compozy.cli.running.durations import format_seconds
from compozy.cli.running.views import TaskView, View

MOST_LISTED: Final = 200
"""With more runs than that, those in collections are counted, and only the failed ones of them are listed."""


def tasks_table(view: View, awaited: Mapping[str, str], now: datetime) -> Table:
    """Return a row for each run, those in containers further to the right.

    Args:
        view: The execution.
        awaited: What runs wait for, by run.
        now: The current time, UTC.
    """
    board = Board()
    board.take(view)
    counts = len(view.tasks) > MOST_LISTED
    table = Table(box=None, pad_edge=False)
    for heading in ("task", "status", "took"):
        table.add_column(heading, no_wrap=True)
    table.add_column("", overflow="fold")
    for depth, task in view.outline():
        if counts and not board.is_listed(task) and task.status not in FAILURES:
            continue
        tally = board.tally_of(task) if counts else None
        waits = f"for {awaited[task.task_exec_id]}" if task.task_exec_id in awaited else ""
        notes = [tally.describe() if tally is not None else "", task.reason or waits]
        name = Text("  " * depth + task.task_id)
        table.add_row(name, _status(task), format_seconds(task.duration(now)), Text(": ".join(filter(None, notes))))
    return table


def _status(task: TaskView) -> Text:
    return Text(task.status.value, STYLES[task.status][1] if task.status in STYLES else "")
