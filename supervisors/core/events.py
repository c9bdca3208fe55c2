"""What happened: one event for each move of an actor from one state to another."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from supervisors.core.states import State


class Cause(StrEnum):
    """Why an actor moved."""

    DECLARED = "declared"
    OPENED = "tree opened"
    DEPENDENCIES_READY = "dependencies ready"
    ANNOUNCED = "announced readiness"
    CRASHED = "crashed"
    RETURNED = "returned"
    START_TIMEOUT = "not ready in time"
    RETRY = "will be retried"
    RETRIES_EXHAUSTED = "retries exhausted"
    NOT_RETRIED = "never retried"
    BOOT_FAILED = "first boot failed"
    BACKOFF_OVER = "backoff over"
    DEPENDENCY_LOST = "dependency lost"
    OPERATOR = "restart requested"
    SHUTDOWN = "shutdown"
    TURN = "dependents have ended"
    GRACE_OVER = "grace over"
    HURRIED = "hurried"
    NEVER_READY = "was not ready yet"
    IGNORED_CANCELLATION = "did not end when cancelled"
    ENDED = "ended"
    COMES_BACK = "comes back"
    CHECK_FAILED = "health check failed"
    RECOVERED = "healthy again"
    UNHEALTHY = "unhealthy"
    GROUP_FAILED = "group failed"
    MEMBER_GAVE_UP = "a member gave up"
    SPAWNED = "spawned"
    DISMISSED = "dismissed"
    FORGOTTEN = "forgotten"


class Reason(NamedTuple):
    """A cause and what there is to say about it.

    Attributes:
        cause: For programs.
        detail: For people: the error, the name of the dependency, the signal; may be empty.
    """

    cause: Cause
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.cause.value}: {self.detail}" if self.detail else self.cause.value


PLAIN_REASONS: Mapping[Cause, Reason] = {cause: Reason(cause) for cause in Cause}
"""Each cause with nothing to say about it."""


class Event(NamedTuple):
    """One actor moved from one state to another.

    Attributes:
        name: The actor.
        generation: How many times it had been started; 0 before the first start.
        at: When, on Trio's clock.
        from_state: Where it was.
        to_state: Where it is now.
        reason: Why.
    """

    name: str
    generation: int
    at: float
    from_state: State
    to_state: State
    reason: Reason

    def __str__(self) -> str:
        return f"{self.name}#{self.generation} {self.from_state} -> {self.to_state} ({self.reason})"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON has; `event_from_dict` is the way back."""
        return {
            "at": self.at,
            "name": self.name,
            "generation": self.generation,
            "from": self.from_state.value,
            "to": self.to_state.value,
            "cause": self.reason.cause.value,
            "detail": self.reason.detail,
        }


def describe(error: BaseException | None) -> str:
    """Return an error as one short line, empty for None."""
    if error is None:
        return ""
    text = " ".join(str(error).split())
    shown = text if len(text) <= _LINE else f"{text[:_LINE]}..."
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__


_LINE = 300  # characters of a message in a reason; the exception itself is kept where it matters
