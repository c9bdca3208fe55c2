"""Progress of one execution as lines: one for each change, and for what is in a collection one a second.

A run in a collection that failed has a line of its own, with the reason, however many they are.
"""

from collections.abc import Iterator
from typing import Final

from compozy.cli.running.board import FAILURES, Board
from compozy.cli.running.durations import format_seconds
from compozy.cli.running.views import TaskView, View
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent

PERIOD_S: Final = 1.0
"""For how long the runs in a collection change before there is a line on them."""


class Lines:
    """Says what is to be said after each change."""

    def __init__(self) -> None:
        self._board = Board()
        self._status: Status | None = None
        self._told_at: dict[str, float] = {}

    def show(self, view: View, now: float) -> Iterator[str]:
        """Yield the lines after all that is known was read.

        Args:
            view: What is known.
            now: On a clock that never goes back, in seconds.
        """
        if self._status is None:
            yield f"execution {view.exec_id} of workflow {view.workflow_id}"
        for task in self._board.take(view):
            yield from self._on(task, now)
        if self._status is not view.status and view.status.is_terminal:
            yield f"{view.status} in {format_seconds(view.changed_at - view.started_at)}"
        self._status = view.status

    def tell(self, event: ExecutionEvent, now: float) -> Iterator[str]:
        """Yield the lines after a change; ``now`` as for :meth:`show`."""
        task = self._board.tell(event)
        if task is not None:
            yield from self._on(task, now)

    def _on(self, task: TaskView, now: float) -> Iterator[str]:
        if self._board.is_listed(task):
            tally = self._board.tally_of(task) if task.status.is_terminal else None
            yield self._indented(task, describe_task(task, "" if tally is None else tally.describe()))
            return
        if task.status in FAILURES:
            yield self._indented(task, describe_task(task))
        yield from self._on_collection(self._board.collection_of(task), now)

    def _on_collection(self, collection: TaskView | None, now: float) -> Iterator[str]:
        if collection is None or collection.status.is_terminal:
            return
        told_at = self._told_at.setdefault(collection.task_exec_id, now)
        tally = self._board.tally_of(collection)
        if tally is not None and now - told_at >= PERIOD_S:
            self._told_at[collection.task_exec_id] = now
            yield self._indented(collection, f"{collection.task_id}: {tally.describe()}")

    def _indented(self, task: TaskView, text: str) -> str:
        return f"{'  ' * (self._board.depth_of(task) + 1)}{text}"


def describe_task(task: TaskView, counted: str = "") -> str:
    """Return one line on a task: its name, how it stands, how long it took, and why it failed.

    Args:
        task: The task.
        counted: What became of its children, where they are too many to name.
    """
    text = f"{task.task_id} {task.status}"
    if task.status.is_terminal:
        text += f" in {format_seconds(task.duration(task.changed_at))}"
    return ": ".join(filter(None, [text, counted, " ".join((task.reason or "").split())]))
