"""The options of project, workflow and task together."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.definitions import RetryPolicy, TaskLimits
from compozy.engine.rules.options import RetryOptions, TaskOptions, merged

S = timedelta(seconds=1)
M = timedelta(minutes=1)

NOTHING = TaskOptions()


def retry(**fields):
    return TaskOptions(retry=RetryOptions(**fields))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([NOTHING, NOTHING, NOTHING], None),
        ([TaskOptions(limits=TaskLimits(start_to_close=M))], None),
        ([retry()], RetryPolicy()),
        ([NOTHING, retry(), NOTHING], RetryPolicy()),
        ([retry(maximum_attempts=5), NOTHING, NOTHING], RetryPolicy(maximum_attempts=5)),
        (
            [retry(initial_interval=9 * S, maximum_attempts=5), retry(maximum_attempts=4), retry(maximum_interval=M)],
            RetryPolicy(initial_interval=9 * S, maximum_attempts=4, maximum_interval=M),
        ),
        ([retry(non_retryable_error_types=("A",)), retry()], RetryPolicy(non_retryable_error_types=("A",))),
        (
            [retry(non_retryable_error_types=("A",)), retry(non_retryable_error_types=("B",))],
            RetryPolicy(non_retryable_error_types=("B",)),
        ),
        ([retry(non_retryable_error_types=("A",)), retry(non_retryable_error_types=())], RetryPolicy()),
        ([TaskOptions(retries=1)], RetryPolicy(maximum_attempts=2)),
        (
            [retry(initial_interval=9 * S), TaskOptions(retries=4)],
            RetryPolicy(initial_interval=9 * S, maximum_attempts=5),
        ),
        ([TaskOptions(retries=4), retry(maximum_attempts=2)], RetryPolicy(maximum_attempts=5)),
        ([retry(maximum_attempts=5), TaskOptions(retries=0)], None),
        ([retry(maximum_attempts=5), retry(maximum_attempts=1)], None),
        ([retry(initial_interval=timedelta())], RetryPolicy(initial_interval=timedelta())),
    ],
)
def test_a_task_is_tried_again_only_where_somebody_asked_and_as_the_nearest_level_says(levels, expected):
    assert merged(*levels).retry_policy() == expected


def test_a_timeout_comes_from_the_nearest_level_that_gives_it():
    project = TaskOptions(limits=TaskLimits(start_to_close=5 * M, heartbeat=S, schedule_to_start=M))
    workflow = TaskOptions(limits=TaskLimits(start_to_close=2 * M, heartbeat=2 * S))
    task = TaskOptions(limits=TaskLimits(start_to_close=S, schedule_to_close=3 * M))

    assert merged(project, workflow, task).limits == TaskLimits(
        start_to_close=S, heartbeat=2 * S, schedule_to_start=M, schedule_to_close=3 * M
    )


def test_a_policy_has_every_field_that_can_be_given():
    assert {field.name for field in attrs.fields(RetryOptions)} == {field.name for field in attrs.fields(RetryPolicy)}


durations = st.none() | st.timedeltas(min_value=timedelta(), max_value=M)
limits = st.builds(
    TaskLimits,
    start_to_close=durations,
    schedule_to_start=durations,
    schedule_to_close=durations,
    heartbeat=durations,
)
policies = st.builds(
    RetryOptions,
    initial_interval=durations,
    maximum_attempts=st.none() | st.integers(1, 9),
    non_retryable_error_types=st.none() | st.sampled_from([(), ("A",)]),
)
options = st.builds(TaskOptions, retry=st.none() | policies, limits=limits, retries=st.none() | st.integers(0, 9))


@given(options, options, options)
def test_it_does_not_matter_which_levels_are_merged_first(project, workflow, task):
    together = merged(project, workflow, task)

    assert merged(merged(project, workflow), task) == together
    assert merged(project, merged(workflow, task)) == together


@given(options)
def test_levels_that_say_nothing_change_nothing(level):
    assert merged(level) == level
    assert merged(NOTHING, level, NOTHING) == level
