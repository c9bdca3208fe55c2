"""What tasks have as output, and which output means failure."""

from datetime import UTC, datetime, timedelta

import pytest

from compozy.domain.executions import Failure
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.engine.rules.results import (
    outcome_of_output,
    output_of_result,
    router_output,
    signal_view,
    wait_output,
    wait_timed_out,
)


def failed(message, code="TOOL_FAILED", details=None):
    return Failure(code=code, message=message, details=details or {})


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ({}, None),
        ({"error": ""}, None),
        ({"error": None, "success": True}, None),
        ({"error": False}, None),
        ({"error": {}}, None),
        ({"error": []}, None),
        ({"success": None}, None),
        ({"success": 0}, None),
        ({"success": "false"}, None),
        ({"error": "no"}, failed("no")),
        ({"error": "no", "success": True}, failed("no")),
        ({"error": True}, failed("true")),
        ({"error": 404}, failed("404")),
        ({"error": ["a", "ñ"]}, failed('["a", "ñ"]')),
        ({"error": {"message": "no"}}, failed("no", details={"message": "no"})),
        (
            {"error": {"code": "E1", "message": "no"}},
            failed("no", code="E1", details={"code": "E1", "message": "no"}),
        ),
        ({"error": {"code": 7}}, failed('{"code": 7}', code="7", details={"code": 7})),
        ({"success": False}, failed("the tool returned success: false")),
        ({"success": False, "message": "why"}, failed("why")),
        ({"success": False, "message": {"reason": "why"}}, failed('{"reason": "why"}')),
    ],
    ids=repr,
)
def test_a_tool_may_report_its_own_failure(output, error):
    outcome = outcome_of_output(output)

    assert outcome.error == error
    assert outcome.status is (Status.FAILED if error else Status.SUCCESS)
    assert outcome.output == output


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"n": 1}, {"n": 1}),
        ({}, {}),
        (None, {}),
        ("", {"value": ""}),
        (0, {"value": 0}),
        (False, {"value": False}),
        ([1, 2], {"value": [1, 2]}),
        ([], {"value": []}),
    ],
    ids=repr,
)
def test_every_result_becomes_an_object(result, expected):
    assert output_of_result(result) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [("high", "high"), (" high\n", "high"), (True, "true"), (3.0, "3"), (None, "null")], ids=repr
)
def test_a_router_shows_what_it_saw_and_where_it_went(value, shown):
    assert router_output(value, route_taken="next-task") == {
        "condition": shown,
        "route_taken": "next-task",
        "router_type": "conditional",
    }


SIGNAL = Signal(
    name="approval",
    payload={"ok": True},
    event_id="e1",
    at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    sender="x9",
)
SEEN = {
    "payload": {"ok": True},
    "metadata": {
        "signal_id": "e1",
        "name": "approval",
        "received_at_utc": "2026-01-02T03:04:05+00:00",
        "sender": "x9",
    },
}


def test_a_wait_shows_the_signal_as_its_templates_saw_it():
    assert signal_view(SIGNAL) == SEEN
    assert wait_output(SIGNAL) == {"wait_status": "completed", "signal": SEEN, "processor_output": None}
    assert wait_output(SIGNAL, processor={"output": {"n": 1}})["processor_output"] == {"output": {"n": 1}}


def test_a_wait_without_a_signal_in_time_has_failed_and_says_for_what_it_waited():
    outcome = wait_timed_out("approval", timedelta(seconds=90))

    assert outcome.status is Status.FAILED
    assert outcome.output == {"wait_status": "timed_out", "signal": None, "processor_output": None}
    assert outcome.error == Failure(code="WAIT_TIMEOUT", message="no signal 'approval' was taken within 1m30s")
