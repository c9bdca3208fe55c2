"""The options that every task has, and that a workflow and the project may set for all of theirs.

They are merged field by field, the nearest word first: what the task says, else its workflow, else the project.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs

from compozy.domain.definitions import RetryPolicy, TaskLimits


@attrs.frozen(kw_only=True)
class RetryOptions:
    """What one level says under ``retry_policy``; None leaves a field to the next level.

    Attributes:
        initial_interval: The wait before the second attempt.
        backoff_coefficient: What each further wait is multiplied by.
        maximum_interval: The longest wait.
        maximum_attempts: All attempts, the first included.
        non_retryable_error_types: After what it is not tried again; a nearer list replaces a farther one.
    """

    initial_interval: timedelta | None = None
    backoff_coefficient: float | None = None
    maximum_interval: timedelta | None = None
    maximum_attempts: int | None = None
    non_retryable_error_types: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class TaskOptions:
    """What one level says, or all of them together.

    Attributes:
        retry: Its ``retry_policy``; None when it has none. One without fields asks for the defaults.
        limits: Its four timeouts.
        retries: How often a task is tried again after the first attempt; wins over ``maximum_attempts``.
    """

    retry: RetryOptions | None = None
    limits: TaskLimits = attrs.Factory(TaskLimits)
    retries: int | None = None

    def retry_policy(self) -> RetryPolicy | None:
        """Return how a task with these options is tried again; None when it runs once.

        A task is tried again only where somebody asked for it: tools have effects, and a payment must not be repeated
        because a default says so.

        >>> TaskOptions().retry_policy() is None
        True
        >>> TaskOptions(retries=4).retry_policy().maximum_attempts
        5
        >>> asked = TaskOptions(retry=RetryOptions(initial_interval=timedelta(seconds=9)))
        >>> asked.retry_policy().initial_interval, asked.retry_policy().maximum_attempts
        (datetime.timedelta(seconds=9), 3)
        """
        if self.retry is None and self.retries is None:
            return None
        given = {name: value for name, value in _fields_of(self.retry or RetryOptions()) if value is not None}
        if self.retries is not None:
            given["maximum_attempts"] = self.retries + 1
        policy = RetryPolicy(**given)
        return policy if policy.maximum_attempts > 1 else None


def merged(*levels: TaskOptions) -> TaskOptions:
    """Return the options of several levels together, field by field.

    >>> project = TaskOptions(limits=TaskLimits(heartbeat=timedelta(seconds=5)), retries=2)
    >>> task = TaskOptions(limits=TaskLimits(start_to_close=timedelta(minutes=1)), retries=0)
    >>> merged(project, task).limits.heartbeat, merged(project, task).retries
    (datetime.timedelta(seconds=5), 0)

    Args:
        levels: The farthest first: project, workflow, task.
    """
    policies = [level.retry for level in levels if level.retry is not None]
    return TaskOptions(
        retry=RetryOptions(**_nearest(policies)) if policies else None,
        limits=TaskLimits(**_nearest(level.limits for level in levels)),
        retries=next((level.retries for level in reversed(levels) if level.retries is not None), None),
    )


def _nearest(values: Iterable[RetryOptions | TaskLimits]) -> dict[str, Any]:
    return {name: value for level in values for name, value in _fields_of(level) if value is not None}


def _fields_of(value: RetryOptions | TaskLimits) -> Iterable[tuple[str, Any]]:
    return attrs.asdict(value, recurse=False).items()
