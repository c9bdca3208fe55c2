"""What a container shows of its tasks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.executions import Failure
from compozy.domain.statuses import Status
from compozy.domain.work import TaskOutcome
from compozy.engine.rules.containers import container_failure, container_output, progress

CHILDREN = {
    "a": TaskOutcome(status=Status.SUCCESS, output={"n": 1}),
    "b": TaskOutcome(status=Status.CANCELED),
    "c": TaskOutcome(status=Status.TIMED_OUT),
    "d": TaskOutcome(status=Status.FAILED, error=Failure(code="X", message="broke")),
}


def test_a_container_tells_how_its_children_ended_and_the_outputs_of_those_that_have_one():
    assert container_output(CHILDREN, Status.FAILED) == {
        "outputs": {"a": {"n": 1}},
        "progress_info": {
            "total_children": 4,
            "success_count": 1,
            "failed_count": 1,
            "canceled_count": 1,
            "timed_out_count": 1,
            "completion_rate": 0.25,
            "failure_rate": 0.5,
            "overall_status": "FAILED",
        },
    }


def test_a_child_that_failed_with_an_output_is_among_the_outputs():
    refused = TaskOutcome(status=Status.FAILED, output={"success": False})
    empty = TaskOutcome(status=Status.SUCCESS, output={})

    assert container_output({"a": refused, "b": empty}, Status.FAILED)["outputs"] == {"a": {"success": False}, "b": {}}


def test_children_that_never_began_count_in_the_total():
    info = container_output(CHILDREN, Status.SUCCESS, total=8)["progress_info"]

    assert (info["total_children"], info["completion_rate"], info["failure_rate"]) == (8, 0.125, 0.25)


def test_of_no_children_all_are_complete():
    output = container_output({}, Status.SUCCESS)

    assert output["outputs"] == {}
    assert output["progress_info"]["completion_rate"] == 1.0
    assert output["progress_info"]["failure_rate"] == 0.0


def test_a_failure_names_the_causes_before_the_consequences():
    failure = container_failure(CHILDREN, total=6)

    assert failure.code == "CHILD_FAILED"
    assert failure.message == "3 of 6 tasks did not succeed: c: TIMED_OUT; d: broke; b: CANCELED"
    assert failure.details == {"children": {"c": "TIMED_OUT", "d": "broke", "b": "CANCELED"}}


@pytest.mark.parametrize(
    ("count", "ends", "more"),
    [
        (10, "t9: FAILED", None),
        (11, "t9: FAILED; and 1 more", None),
        (20, "t9: FAILED; and 10 more", None),
        (10_000, "t9: FAILED; and 9990 more", 9980),
    ],
)
def test_a_failure_of_many_tells_of_the_first_and_how_many_more_there_are(count, ends, more):
    failure = container_failure({f"t{n}": TaskOutcome(status=Status.FAILED) for n in range(count)})

    assert failure.message.endswith(ends)
    assert list(failure.details["children"]) == [f"t{n}" for n in range(min(count, 20))]
    assert failure.details.get("more") == more


@given(st.lists(st.sampled_from(Status), max_size=20), st.integers(min_value=0, max_value=5))
def test_the_counts_add_up(statuses, unborn):
    total = len(statuses) + unborn
    info = progress(statuses, total=total, status=Status.RUNNING)
    ended = sum(info[f"{how}_count"] for how in ("success", "failed", "canceled", "timed_out"))

    assert ended == sum(status.is_terminal for status in statuses)
    assert 0 <= info["completion_rate"] + info["failure_rate"] <= 1 + 1e-9
