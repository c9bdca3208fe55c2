"""Whether a task that did not succeed is tried again, and when."""

from datetime import timedelta

from compozy.domain.definitions import RetryPolicy
from compozy.domain.executions import Failure


def next_delay(policy: RetryPolicy, *, attempt: int, failure: Failure) -> timedelta | None:
    """Return how long to wait before the next attempt; None when there is none.

    The waits grow by the policy's coefficient up to its longest one. There is no jitter: the wait is part of a recorded
    history, and a replay must come to it again.

    >>> failure = Failure(code="TOOL_FAILED", message="no")
    >>> policy = RetryPolicy(maximum_attempts=4, maximum_interval=timedelta(seconds=3))
    >>> [str(next_delay(policy, attempt=attempt, failure=failure)) for attempt in (1, 2, 3, 4)]
    ['0:00:01', '0:00:02', '0:00:03', 'None']

    Args:
        policy: Under which the task is tried.
        attempt: Which attempt has ended, from 1.
        failure: Why it did not succeed.
    """
    if attempt >= policy.maximum_attempts or not is_retryable(policy, failure):
        return None
    longest = policy.maximum_interval.total_seconds()
    seconds = policy.initial_interval.total_seconds()
    if seconds == 0 or policy.backoff_coefficient == 1:
        return min(policy.initial_interval, policy.maximum_interval)
    # Multiplied step by step: a power would overflow, and its last digit may differ from machine to machine.
    for _ in range(attempt - 1):
        if seconds >= longest:
            break
        seconds *= policy.backoff_coefficient
    return policy.maximum_interval if seconds >= longest else timedelta(seconds=seconds)


def is_retryable(policy: RetryPolicy, failure: Failure) -> bool:
    """Tell whether the policy lets a task be tried again that failed so.

    It does unless ``non_retryable_error_types`` names the failure's code, or the exception that was its cause.

    >>> policy = RetryPolicy(non_retryable_error_types=("CARD_DECLINED", "ValueError"))
    >>> is_retryable(policy, Failure(code="CARD_DECLINED", message="no money"))
    False
    >>> is_retryable(policy, Failure(code="TOOL_FAILED", message="not a number", details={"type": "ValueError"}))
    False
    >>> is_retryable(policy, Failure(code="TIMED_OUT", message="it did not end within 1s"))
    True
    """
    named = policy.non_retryable_error_types
    return failure.code not in named and failure.details.get("type") not in named
