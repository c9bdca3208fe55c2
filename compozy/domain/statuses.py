"""The states of workflow executions and of their tasks, as one table."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """Where an execution or a task stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    PAUSED = "PAUSED"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELED = "CANCELED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing follows this status."""
        return self in TERMINAL


TERMINAL: Final = frozenset({Status.SUCCESS, Status.FAILED, Status.TIMED_OUT, Status.CANCELED})
"""The statuses that are never left."""

_LIVE: Final = frozenset({Status.RUNNING, Status.WAITING, Status.PAUSED})

SUCCESSORS: Final[dict[Status, frozenset[Status]]] = {
    Status.PENDING: _LIVE | TERMINAL,
    Status.RUNNING: _LIVE | TERMINAL,
    Status.WAITING: _LIVE | TERMINAL,
    Status.PAUSED: _LIVE | TERMINAL,
    Status.SUCCESS: frozenset(),
    Status.FAILED: frozenset(),
    Status.TIMED_OUT: frozenset(),
    Status.CANCELED: frozenset(),
}
"""Which statuses may follow which. A write that does not obey it is dropped, not an error: writes arrive in any order.

A live status never goes back to PENDING, so a late "accepted" cannot hide that the work began.
"""


def may_follow(current: Status, following: Status) -> bool:
    """Tell whether ``following`` may replace ``current``; the same status may, unless it is terminal."""
    return following in SUCCESSORS[current] or (following is current and not current.is_terminal)
