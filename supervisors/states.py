"""The states of an actor and the moves between them, as a table.

::

    declared -> waiting -> starting -> ready                        generation += 1 on each waiting -> starting
                  ^           |          |
                  |           v          v       asked to stop: shutdown | dependency lost | operator
               backoff <--- failed    draining -> stopping -> cancelling -> abandoned
                              |          |           |            |
                              +-> gave_up            v            v
                                                   stopped (-> waiting, when it is to come back)

A main actor that returns, and an actor with ``restart="always"``, goes through ``exited``.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where one actor is in its life."""

    DECLARED = "declared"  # the tree is not open yet
    WAITING = "waiting"  # for what it needs
    STARTING = "starting"  # running, not ready yet
    READY = "ready"  # its value may be used
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
    State.WAITING: frozenset({State.STARTING, State.STOPPED}),
    State.STARTING: frozenset({State.READY, State.FAILED, State.EXITED, State.DRAINING, State.CANCELLING}),
    State.READY: frozenset({State.FAILED, State.EXITED, State.DRAINING}),
    State.DRAINING: frozenset({State.STOPPING, State.CANCELLING, State.STOPPED}),
    State.STOPPING: frozenset({State.CANCELLING, State.STOPPED}),
    State.CANCELLING: frozenset({State.STOPPED, State.FAILED, State.ABANDONED}),
    State.ABANDONED: frozenset({State.STOPPED}),
    State.FAILED: frozenset({State.BACKOFF, State.GAVE_UP}),
    State.BACKOFF: frozenset({State.WAITING, State.STOPPED}),
    State.GAVE_UP: frozenset(),
    State.EXITED: frozenset({State.BACKOFF}),
    State.STOPPED: frozenset({State.WAITING}),
}

RUNNING = frozenset({State.STARTING, State.READY})
"""It runs, and nobody has asked it to stop."""

LEAVING = frozenset({State.DRAINING, State.STOPPING, State.CANCELLING})
"""It runs, and is on its way out."""

LIVE = RUNNING | LEAVING
"""A task of its own is running, and is reckoned with."""

AT_REST = frozenset({State.STOPPED, State.EXITED, State.GAVE_UP, State.ABANDONED})
"""Nothing more is expected of it when the tree goes down."""
