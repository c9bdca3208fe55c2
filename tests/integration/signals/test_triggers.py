"""Events start the workflows that name them as their trigger, once each."""

import pytest

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow


def test_an_event_starts_a_workflow_with_its_payload_as_input(world):
    told = world.post("events", name="paid", payload={"amount": 3})
    [exec_id] = told["started"]
    ended = world.ended(exec_id)

    assert ended["output"] == {"kind": "signal", "by": "paid", "amount": 3, "currency": "EUR"}
    assert ended["trigger"] == {"type": "signal", "name": "paid", "payload": {"amount": 3}, "depth": 1}
    assert ended["parent_exec_id"] is None


def test_an_event_that_is_told_again_starts_nothing_again(world):
    first, again = [world.post("events", name="paid", payload={"amount": 4}, event_id="told-twice") for _ in range(2)]

    assert first["started"] == again["started"]
    assert world.ended(first["started"][0])["status"] == Status.SUCCESS


def test_a_payload_that_does_not_fit_the_trigger_starts_nothing_and_says_why(world):
    told = world.post("events", name="paid", payload={"sum": 3})

    assert told["started"] == []
    [refused] = told["refused"]
    assert refused["workflow_id"] == "on-paid"
    assert "amount" in refused["reason"]


def test_an_execution_that_was_started_by_a_signal_task_names_its_parent(world):
    teller = world.ended(world.start("tell", name="paid", by="ada"))

    [refused] = teller["output"]["told"]["refused"]  # its payload has no amount
    assert refused["workflow_id"] == "on-paid"


def test_a_key_makes_a_repeated_request_the_same_event_and_refuses_another_under_it(world):
    headers = {"Idempotency-Key": "event-1"}
    first, again = [world.post("events", headers=headers, name="paid", payload={"amount": 5}) for _ in range(2)]
    refusal = world.post("events", 422, headers=headers, name="paid", payload={"amount": 6})

    assert (first["event_id"], first["started"]) == (again["event_id"], again["started"])
    assert refusal["code"] == "INVALID"


def test_a_workflow_that_starts_itself_by_an_event_does_so_twenty_times_and_then_says_why_it_does_not(world):
    row = [world.ended(world.post("events", name="ping")["started"][0])]
    while row[-1]["status"] == Status.SUCCESS:
        row.append(world.ended(row[-1]["output"]["started"][0]))

    assert [execution["trigger"]["depth"] for execution in row] == list(range(1, 21))
    assert row[-1]["status"] == Status.FAILED
    assert row[-1]["error"]["code"] == "EVENT_LOOP"
    assert "the event 'ping' would start 'loop', after 20 executions in a row" in row[-1]["error"]["message"]
