"""The states of an actor and the moves between them, as a table.

::

    declared -> waiting -> starting -> ready <-> degraded           generation += 1 on each waiting -> starting
                  ^           |          |
                  |           v          v       asked to stop: shutdown | dependency lost | operator | unhealthy
               backoff <--- failed    draining -> stopping -> cancelling -> abandoned
                              |          |           |            |
                              +-> gave_up            v            v
                                                   stopped (-> waiting, when it is to come back)

Whoever no other holds back goes from ready straight to ``stopping``; ``draining`` is for those who have to wait.
A main actor that returns, an actor with ``restart="always"`` and the child of a pool go through ``exited``. What was
stopped because it was unhealthy, or not ready in time, goes on to ``failed``. An actor that gave up and was parked can
be put back to ``waiting``; the child of a pool that gave up is ``stopped``, and forgotten. A group has no task: it is
ready when its members are, and stops and fails at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where one actor is in its life."""

    DECLARED = "declared"  # the tree is not open yet
    WAITING = "waiting"  # for what it needs
    STARTING = "starting"  # running, not ready yet
    READY = "ready"  # its value may be used
    DEGRADED = "degraded"  # likewise, but the last health check failed
    DRAINING = "draining"  # to be stopped, not ready any more, waits for its dependents to end
    STOPPING = "stopping"  # asked to stop: `ctx.stopping` is set
    CANCELLING = "cancelling"  # its scope is cancelled
    ABANDONED = "abandoned"  # did not end in time even so; still running somewhere
    FAILED = "failed"  # ended by itself; passed through
    BACKOFF = "backoff"  # waits before the next attempt
    GAVE_UP = "gave_up"  # failed for good
    EXITED = "exited"  # returned, as it may
    STOPPED = "stopped"  # ended on request


MOVES: Mapping[State, frozenset[State]] = {
    State.DECLARED: frozenset({State.WAITING, State.STOPPED}),
    State.WAITING: frozenset({State.STARTING, State.STOPPED, State.FAILED}),
    State.STARTING: frozenset({State.READY, State.FAILED, State.EXITED, State.DRAINING, State.CANCELLING}),
    State.READY: frozenset({State.DEGRADED, State.FAILED, State.EXITED, State.DRAINING, State.STOPPING}),
    State.DEGRADED: frozenset({State.READY, State.FAILED, State.EXITED, State.DRAINING, State.STOPPING}),
    State.DRAINING: frozenset({State.STOPPING, State.CANCELLING, State.STOPPED, State.FAILED}),
    State.STOPPING: frozenset({State.CANCELLING, State.STOPPED, State.FAILED}),
    State.CANCELLING: frozenset({State.STOPPED, State.FAILED, State.ABANDONED}),
    State.ABANDONED: frozenset({State.STOPPED}),
    State.FAILED: frozenset({State.BACKOFF, State.GAVE_UP}),
    State.BACKOFF: frozenset({State.WAITING, State.STOPPED}),
    State.GAVE_UP: frozenset({State.WAITING, State.STOPPED}),
    State.EXITED: frozenset({State.BACKOFF}),
    State.STOPPED: frozenset({State.WAITING}),
}

AVAILABLE = frozenset({State.READY, State.DEGRADED})
"""Its value may be used."""

RUNNING = frozenset({State.STARTING, State.READY, State.DEGRADED})
"""It runs, and nobody has asked it to stop."""

LEAVING = frozenset({State.DRAINING, State.STOPPING, State.CANCELLING})
"""It runs, and is on its way out."""

LIVE = RUNNING | LEAVING
"""A task of its own is running, and is reckoned with."""

AT_REST = frozenset({State.STOPPED, State.EXITED, State.GAVE_UP, State.ABANDONED})
"""Nothing more is expected of it when the tree goes down."""


class Shift(NamedTuple):
    """What a move changes for others: each of the first four is -1, 0 or +1.

    Attributes:
        available: Whether the actor's value may be used.
        live: Whether a task of its own is running.
        leaving: Whether it is on its way out.
        resting: Whether nothing more is expected of it when the tree goes down.
        starts: Whether a new generation begins with it.
        queues: Whether the actor has to be looked at from now on: it waits to start, or for its turn to stop.
    """

    available: int
    live: int
    leaving: int
    resting: int
    starts: bool
    queues: bool


def _shift(before: State, after: State) -> Shift:
    def change(kind: frozenset[State]) -> int:
        return (after in kind) - (before in kind)

    return Shift(
        available=change(AVAILABLE),
        live=change(LIVE),
        leaving=change(LEAVING),
        resting=change(AT_REST),
        starts=after is State.STARTING,
        queues=after in {State.WAITING, State.DRAINING},
    )


SHIFTS: Mapping[tuple[State, State], Shift] = {
    (before, after): _shift(before, after) for before, afters in MOVES.items() for after in afters
}
"""Every legal move, and what it changes for others."""
