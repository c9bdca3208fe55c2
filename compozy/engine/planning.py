"""What follows what: the decisions of an execution, as pure functions."""

from datetime import timedelta
from typing import Final

from compozy.domain.definitions import RetryPolicy, TaskDefinition, Transition
from compozy.domain.durations import format_duration
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome
from compozy.engine.rules.retries import next_delay

_TRIED_AGAIN: Final = frozenset({Status.FAILED, Status.TIMED_OUT})

CANCELED: Final = TaskOutcome(status=Status.CANCELED, error=Failure(code="CANCELED", message="it was canceled"))
"""How a task, or an execution, ended that was canceled."""


def timed_out(limit: timedelta) -> TaskOutcome:
    """Return how a task ended that took longer than its limit."""
    message = f"it did not end within {format_duration(limit)}"
    return TaskOutcome(status=Status.TIMED_OUT, error=Failure(code="TIMED_OUT", message=message))


def delay_after(policy: RetryPolicy | None, outcome: TaskOutcome, *, attempt: int) -> timedelta | None:
    """Return how long to wait before a task that ended so is tried again; None when it is not.

    Args:
        policy: Under which it is tried; None tries once.
        outcome: How the attempt ended.
        attempt: Which one it was, from 1.
    """
    if policy is None or outcome.error is None or outcome.status not in _TRIED_AGAIN:
        return None
    return next_delay(policy, attempt=attempt, failure=outcome.error)


def transition_after(task: TaskDefinition, status: Status) -> Transition | None:
    """Return what follows the task that ended so; None when nothing does."""
    if task.final:
        return None
    transition = task.on_success if status is Status.SUCCESS else task.on_error
    return transition if transition is not None and transition.next is not None else None
