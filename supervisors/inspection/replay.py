"""Rebuilds the state of a tree at any event, from the events alone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, overload

import attrs

from supervisors.core.events import Cause, Event
from supervisors.core.states import AVAILABLE, State
from supervisors.core.status import ActorStatus, render_rows
from supervisors.errors import LogError

_LEFT = frozenset({State.STOPPED, State.EXITED})
"""Where the child of a pool is when it is taken out of the tree, unless it comes back in the next moment."""


@attrs.frozen(kw_only=True)
class Snapshot:
    """The state of a tree after an event; iterates over the rows, and finds one by name.

    Attributes:
        number: How many events had happened, this one included.
        event: The latest.
        stopping: Why the tree is going down, or None.
        actors: One row per actor that was heard of, in the order in which they were first heard of.
    """

    number: int
    event: Event
    stopping: str | None
    actors: tuple[ActorStatus, ...]

    def __iter__(self) -> Iterator[ActorStatus]:
        return iter(self.actors)

    def __getitem__(self, name: str) -> ActorStatus:
        """Return the row of this actor.

        Raises:
            KeyError: It was not heard of yet, or has left.
        """
        for row in self.actors:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        stopping = "" if self.stopping is None else f"\nthe tree is stopping: {self.stopping}"
        return f"after event {self.number}: {self.event}{stopping}\n{render_rows(self, now=self.event.at)}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON has."""
        return {
            "number": self.number,
            "event": self.event.as_dict(),
            "stopping": self.stopping,
            "actors": [row.as_dict() for row in self],
        }


class Replay(Sequence[Snapshot]):
    """One snapshot per event, made when it is asked for; what `replay` gives."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = tuple(events)
        check_log(self._events)

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> Snapshot: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Snapshot, ...]: ...

    def __getitem__(self, index: int | slice) -> Snapshot | tuple[Snapshot, ...]:
        """Return the state after the event of this index; -1 is the latest.

        Raises:
            IndexError: There are not so many events.
        """
        if isinstance(index, slice):
            return tuple(self._take(each) for each in range(len(self))[index])
        return self._take(range(len(self))[index])

    def __iter__(self) -> Iterator[Snapshot]:
        picture = _Picture()
        for event in self._events:
            picture.note(event)
            yield picture.snapshot(event)

    def at(self, time: float) -> Snapshot:
        """Return the state at this time, on Trio's clock: after the last event up to then.

        Raises:
            LookupError: Nothing had happened by then.
        """
        count = sum(1 for _ in takewhile(lambda event: event.at <= time, self._events))
        if not count:
            raise LookupError(f"nothing is known of the time up to {time:g}; the log {self._beginning}")
        return self._take(count - 1)

    @property
    def _beginning(self) -> str:
        return f"begins at {self._events[0].at:g}" if self._events else "is empty"

    def _take(self, index: int) -> Snapshot:
        picture = _Picture()
        for event in self._events[: index + 1]:
            picture.note(event)
        return picture.snapshot(self._events[index])


def replay(events: Iterable[Event]) -> Replay:
    """Return the states that a tree went through, one per event.

    Example::

        for snapshot in replay(live.events()):
            print(snapshot.event, snapshot["db"].state)
        print(replay(log)[-1]["db"])

    An actor of which no event is known yet has no row. That is the case before the tree is opened, and when the head of
    the log is missing (`Live.events` keeps the last 2000): then its row appears with its first known event. The child
    of a pool leaves when it has ended, provided that the log knows of its beginning.

    Several events can belong to one step of the tree. The state between two of them is one that nobody could see while
    the tree ran.

    Raises:
        LogError: An event does not follow from those before it.
    """
    return Replay(events)


def check_log(events: Iterable[Event]) -> None:
    """Check that each event begins in the state, and in the generation, in which the one before has left the actor.

    Raises:
        LogError: One does not; its number counts from 1.
    """
    latest: dict[str, tuple[int, Event]] = {}
    children: set[str] = set()
    for number, event in enumerate(events, 1):
        if event.reason.cause is Cause.SPAWNED:
            children.add(event.name)
        before = latest.get(event.name)
        is_reborn = event.name in children and event.from_state is State.DECLARED
        if before is not None and not (is_reborn and before[1].to_state in _LEFT):
            _check_follows(number, event, *before)
        latest[event.name] = (number, event)


def _check_follows(number: int, event: Event, before: int, earlier: Event) -> None:
    if event.from_state is not earlier.to_state:
        hint = "; a log holds one run of one tree" if event.from_state is State.DECLARED else ""
        raise LogError(
            number,
            f"{event.name!r} goes from {event.from_state} to {event.to_state}, but event {before} has left it at "
            f"{earlier.to_state}{hint}",
        )
    expected = earlier.generation + (event.to_state is State.STARTING)
    if event.generation != expected:
        raise LogError(
            number, f"{event.name!r} is of generation {event.generation}, not {expected} as event {before} has it"
        )


class _Picture:
    """The rows as they are after some events."""

    def __init__(self) -> None:
        self._rows: dict[str, ActorStatus] = {}
        self._children: set[str] = set()
        self._stopping: str | None = None
        self._count = 0

    def note(self, event: Event) -> None:
        self._count += 1
        name, cause = event.name, event.reason.cause
        if cause is Cause.SPAWNED:
            self._children.add(name)
            self._rows.pop(name, None)  # a name may be used again; the new child comes last
        if cause is Cause.SHUTDOWN and self._stopping is None:
            self._stopping = event.reason.detail
        self._rows[name] = ActorStatus(
            name=name,
            state=event.to_state,
            ready=event.to_state in AVAILABLE,
            since=event.at,
            generation=event.generation,
            restarts=max(event.generation - 1, 0),
            reason=event.reason,
        )

    def snapshot(self, event: Event) -> Snapshot:
        rows = tuple(row for row in self._rows.values() if not self._has_left(row))
        return Snapshot(number=self._count, event=event, stopping=self._stopping, actors=rows)

    def _has_left(self, row: ActorStatus) -> bool:
        return row.name in self._children and row.state in _LEFT
