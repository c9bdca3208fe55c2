"""How one execution stands, kept up change by change; the runs that a collection makes are counted, not listed.

A collection may have tens of thousands of runs, and each change of one must cost the same however many there are. So
nothing here goes through all of them but :meth:`Board.take`, which is for what was read as a whole, and that is read
when following begins, when a connection was lost, and at the end.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import attrs

from compozy.cli.running.views import TaskView, View, outlined
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent

FAILURES: Final = frozenset({Status.FAILED, Status.TIMED_OUT})
"""How runs stand whose reason is always told."""

_WORDS: Final = {
    Status.SUCCESS: "done",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed out",
    Status.CANCELED: "canceled",
    Status.RUNNING: "running",
}
"""What is counted, in this order."""


@attrs.define(kw_only=True)
class Tally:
    """The runs right inside a collection.

    Attributes:
        started_at: When the collection began.
        changed_at: When one of them changed last.
        counts: How many of them stand so.
    """

    started_at: datetime
    changed_at: datetime
    counts: Counter[Status] = attrs.Factory(Counter)

    def note(self, before: TaskView | None, now: TaskView) -> None:
        """Count a run that is new, or has changed."""
        if before is not None:
            self.counts[before.status] -= 1
        self.counts[now.status] += 1
        self.changed_at = max(self.changed_at, now.changed_at)

    @property
    def rate(self) -> float | None:
        """How many have ended per second; None when none has, or within the first second, which says little."""
        seconds = (self.changed_at - self.started_at).total_seconds()
        ended = sum(count for status, count in self.counts.items() if status.is_terminal)
        return ended / seconds if ended and seconds >= 1 else None

    def describe(self) -> str:
        """Return what was counted: ``340 done, 2 failed, 10 running, 212/s``; empty when there is nothing."""
        parts = [f"{self.counts[status]} {word}" for status, word in _WORDS.items() if self.counts[status]]
        if (rate := self.rate) is not None:
            parts.append(f"{rate:.0f}/s" if rate >= 1 else f"{rate:.1g}/s")
        return ", ".join(parts)


class Board:
    """What is known of one execution. Not for several threads.

    Attributes:
        view: What was read of it last, with the status that it has now; None before anything is known.
    """

    def __init__(self) -> None:
        self.view: View | None = None
        self._tasks: dict[str, TaskView] = {}
        self._parents: dict[str, str | None] = {}
        self._listed: dict[str, TaskView] = {}
        self._tallies: dict[str, Tally] = {}

    def take(self, view: View) -> list[TaskView]:
        """Take what was read of the execution; return the runs of which that is news, in the order of the changes."""
        self.view = view
        # Of children that ended before their container the container is to be known, so all are placed first.
        for task in view.tasks.values():
            self._place(task)
        changed = sorted(view.tasks.values(), key=lambda task: task.changed_at)
        return [task for task in changed if self._note(task)]

    def tell(self, event: ExecutionEvent) -> TaskView | None:
        """Take a change; return the run that changed, or None when that is no news, or the execution itself changed."""
        if event.task_exec_id is None or event.task_id is None:
            if self.view is not None and event.at >= self.view.changed_at:
                self.view = attrs.evolve(self.view, status=event.status, changed_at=event.at)
            return None
        task = self._after(event, event.task_exec_id, event.task_id)
        self._place(task)
        return task if self._note(task) else None

    def listed(self) -> Iterator[tuple[int, TaskView]]:
        """Yield each run that is in no collection with its depth, a container right before its children."""
        return outlined(self._listed)

    def is_listed(self, task: TaskView) -> bool:
        """Tell whether a run is in no collection, as far as its containers are known."""
        return task.task_exec_id in self._listed

    def depth_of(self, task: TaskView) -> int:
        """Return how many containers a run is in."""
        return sum(1 for _ in self._containers(task))

    def tally_of(self, task: TaskView) -> Tally | None:
        """Return the count of a collection's runs; None for what is no collection."""
        return self._tallies.get(task.task_exec_id)

    def collection_of(self, task: TaskView) -> TaskView | None:
        """Return the outermost collection that a run is in; None when it is in none that is known."""
        return self._tasks.get(self._collection_id_of(task) or "")

    def _place(self, task: TaskView) -> None:
        """Note where a run belongs, and give a collection a count."""
        if task.task_exec_id in self._parents:
            return
        self._parents[task.task_exec_id] = task.parent_id
        if task.type is TaskType.COLLECTION:
            self._tallies[task.task_exec_id] = Tally(started_at=task.started_at, changed_at=task.started_at)
        if self._collection_id_of(task) is None:
            self._listed[task.task_exec_id] = task

    def _note(self, task: TaskView) -> bool:
        """Note how a run stands; tell whether that is news. Times may come from several machines: no end is undone."""
        before = self._tasks.get(task.task_exec_id)
        if before is not None and (
            before.status is task.status or before.status.is_terminal or task.changed_at < before.changed_at
        ):
            return False
        self._tasks[task.task_exec_id] = task
        if task.parent_id in self._tallies:
            self._tallies[task.parent_id].note(before, task)
        if task.task_exec_id in self._listed:
            self._listed[task.task_exec_id] = task
        return True

    def _containers(self, task: TaskView) -> Iterator[str]:
        """Yield the containers of a run that are known, from the inside out."""
        container = task.parent_id
        while container in self._parents:
            yield container
            container = self._parents[container]

    def _collection_id_of(self, task: TaskView) -> str | None:
        return next((each for each in reversed(list(self._containers(task))) if each in self._tallies), None)

    def _after(self, event: ExecutionEvent, task_exec_id: str, task_id: str) -> TaskView:
        known = self._tasks.get(task_exec_id)
        if known is not None:
            return attrs.evolve(known, status=event.status, changed_at=event.at, reason=event.reason)
        return TaskView(
            task_exec_id=task_exec_id,
            task_id=task_id,
            type=event.type,
            parent_id=event.parent_id,
            status=event.status,
            reason=event.reason,
            started_at=event.started_at or event.at,
            changed_at=event.at,
        )
