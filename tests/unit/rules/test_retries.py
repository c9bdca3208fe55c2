"""Whether and when a task is tried again."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.definitions import RetryPolicy
from compozy.domain.executions import Failure
from compozy.engine.rules.retries import is_retryable, next_delay

FAILURE = Failure(code="TOOL_FAILED", message="no", details={"type": "ValueError"})


def seconds_between(attempts, **fields):
    policy = RetryPolicy(maximum_attempts=attempts, **fields)
    delays = [next_delay(policy, attempt=attempt, failure=FAILURE) for attempt in range(1, attempts + 1)]
    return [None if delay is None else delay.total_seconds() for delay in delays]


@pytest.mark.parametrize(
    ("attempts", "fields", "expected"),
    [
        (1, {}, [None]),
        (3, {}, [1, 2, None]),
        (9, {}, [1, 2, 4, 8, 16, 32, 60, 60, None]),
        (4, {"backoff_coefficient": 1.0}, [1, 1, 1, None]),
        (4, {"backoff_coefficient": 1.5}, [1, 1.5, 2.25, None]),
        (3, {"backoff_coefficient": 1e308}, [1, 60, None]),
        (3, {"initial_interval": timedelta()}, [0, 0, None]),
        (3, {"initial_interval": timedelta(minutes=5)}, [60, 60, None]),
        (3, {"maximum_interval": timedelta()}, [0, 0, None]),
        (3, {"initial_interval": timedelta(microseconds=1)}, [1e-6, 2e-6, None]),
        (3, {"initial_interval": timedelta(days=9e8), "maximum_interval": timedelta.max}, None),
    ],
)
def test_the_waits_grow_to_the_longest(attempts, fields, expected):
    if expected is None:
        expected = [timedelta(days=9e8).total_seconds(), timedelta.max.total_seconds(), None]

    assert seconds_between(attempts, **fields) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ((), True),
        (("TIMED_OUT", "KeyError"), True),
        (("TOOL_FAILED",), False),
        (("ValueError",), False),
        (("tool_failed", "valueerror"), True),
    ],
)
def test_a_named_code_or_exception_is_final(named, expected):
    policy = RetryPolicy(non_retryable_error_types=named)

    assert is_retryable(policy, FAILURE) is expected
    assert (next_delay(policy, attempt=1, failure=FAILURE) is not None) is expected


def test_a_failure_without_an_exception_is_known_by_its_code_alone():
    assert is_retryable(RetryPolicy(non_retryable_error_types=("None", "")), Failure(code="X", message="no"))


@pytest.mark.parametrize("coefficient", [1.0, 1.0001, 2.0, 1e308, math.inf])
@pytest.mark.parametrize("interval", [timedelta(), timedelta(seconds=1)])
def test_the_billionth_attempt_is_as_quickly_told_as_the_second_and_overflows_nothing(interval, coefficient):
    policy = RetryPolicy(initial_interval=interval, backoff_coefficient=coefficient, maximum_attempts=2 * 10**9)
    grows = interval and coefficient > 1

    assert next_delay(policy, attempt=10**9, failure=FAILURE) == (policy.maximum_interval if grows else interval)


durations = st.timedeltas(min_value=timedelta(), max_value=timedelta.max)
policies = st.builds(
    RetryPolicy,
    initial_interval=durations,
    backoff_coefficient=st.floats(min_value=1, allow_nan=False),
    maximum_interval=durations,
    maximum_attempts=st.integers(min_value=1, max_value=50),
)


@given(policies)
def test_waits_never_shrink_never_pass_the_longest_and_are_one_fewer_than_attempts(policy):
    delays = [next_delay(policy, attempt=attempt, failure=FAILURE) for attempt in range(1, policy.maximum_attempts + 1)]
    waits = delays[:-1]

    assert delays[-1] is None
    assert None not in waits
    assert waits == sorted(waits)
    assert all(timedelta() <= wait <= policy.maximum_interval for wait in waits)
