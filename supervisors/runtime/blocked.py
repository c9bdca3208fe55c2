"""What is reported of a task that blocks the event loop."""

import logging
from typing import NamedTuple


class Blocked(NamedTuple):
    """A task kept the event loop from coming back for longer than the limit.

    Attributes:
        actor: To whom the task belongs; None when it is no actor's.
        task: Name of the task.
        seconds: For how long, so far or in all.
        stack: Where it was when that was noticed: the live stack from the task's function inwards.
        is_over: Whether the loop has come back since; then this is the second report of the same block.
    """

    actor: str | None
    task: str
    seconds: float
    stack: str
    is_over: bool = False

    def __str__(self) -> str:
        who = f"actor {self.actor!r}" if self.actor is not None else "no actor"
        if self.is_over:
            return f"the event loop is back after {self.seconds:.3g} s: {who}, task {self.task}"
        return f"the event loop has been blocked for {self.seconds:.3g} s: {who}, task {self.task}\n{self.stack}"


def log_blocked(blocked: Blocked) -> None:
    """Log a report as a warning of the logger ``supervisors``."""
    logging.getLogger("supervisors").warning("%s", blocked)
