"""What follows what."""

import pytest

from compozy.domain.definitions import Strategy, TaskDefinition, Transition
from compozy.domain.executions import Failure
from compozy.domain.statuses import SUCCESSORS, Status, may_follow
from compozy.domain.work import TaskOutcome
from compozy.engine import planning

LIVE = [status for status in Status if not status.is_terminal]


@pytest.mark.parametrize("terminal", [status for status in Status if status.is_terminal])
@pytest.mark.parametrize("following", Status)
def test_a_terminal_status_is_never_left(terminal, following):
    assert not may_follow(terminal, following)


def test_every_status_has_its_row_and_a_live_one_never_goes_back_to_pending():
    assert set(SUCCESSORS) == set(Status)
    assert all(Status.PENDING not in SUCCESSORS[status] for status in LIVE)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.SUCCESS, "good"), (Status.FAILED, "bad"), (Status.TIMED_OUT, "bad"), (Status.CANCELED, "bad")],
)
def test_the_outcome_chooses_the_transition(status, expected):
    task = TaskDefinition(id="t", on_success=Transition(next="good"), on_error=Transition(next="bad"))

    assert planning.transition_after(task, status).next == expected


def test_without_a_next_nothing_follows():
    task = TaskDefinition(id="t", on_success=Transition(with_={"a": 1}))

    assert planning.transition_after(task, Status.SUCCESS) is None
    assert planning.transition_after(task, Status.FAILED) is None


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ({}, None),
        ({"error": ""}, None),
        ({"error": None, "success": True}, None),
        ({"error": "no"}, Failure(code="TOOL_FAILED", message="no")),
        (
            {"error": {"code": "E1", "message": "no"}},
            Failure(code="E1", message="no", details={"code": "E1", "message": "no"}),
        ),
        ({"success": False}, Failure(code="TOOL_FAILED", message="the tool returned success: false")),
        ({"success": False, "message": "why"}, Failure(code="TOOL_FAILED", message="why")),
    ],
)
def test_a_tool_may_report_its_own_failure(output, error):
    outcome = planning.outcome_of_output(output)

    assert outcome.error == error
    assert outcome.status is (Status.FAILED if error else Status.SUCCESS)
    assert outcome.output == output


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.SUCCESS),
        ([Status.SUCCESS, Status.SUCCESS], Status.SUCCESS),
        ([Status.FAILED, Status.RUNNING], None),
        ([Status.FAILED, Status.SUCCESS], Status.FAILED),
        ([Status.TIMED_OUT], Status.FAILED),
        ([Status.CANCELED, Status.SUCCESS], Status.FAILED),
    ],
)
def test_wait_all_waits_for_all_and_succeeds_only_when_all_did(statuses, expected):
    assert planning.container_status(Strategy.WAIT_ALL, statuses) is expected


def test_a_container_tells_how_its_children_ended():
    children = {
        "a": TaskOutcome(status=Status.SUCCESS, output={"n": 1}),
        "b": TaskOutcome(status=Status.FAILED, error=Failure(code="X", message="broke")),
        "c": TaskOutcome(status=Status.TIMED_OUT),
        "d": TaskOutcome(status=Status.CANCELED),
    }

    assert planning.container_output(children, Status.FAILED) == {
        "outputs": {"a": {"n": 1}, "b": None, "c": None, "d": None},
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
    failure = planning.container_failure(children)
    assert failure.message == "3 of 4 tasks did not succeed: b: broke; c: TIMED_OUT; d: CANCELED"
