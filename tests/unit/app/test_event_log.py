"""What the log says of actors: once what lasts, and again what is new."""

import logging

import pytest

from compozy.app.event_log import EventLog
from supervisors import Cause, Event, Reason, State


@pytest.fixture
def said(caplog):
    """Return a function that has events of one actor logged, and gives what is written above debug."""
    log = EventLog()

    def said(*steps):
        caplog.clear()
        with caplog.at_level(logging.INFO, "compozy"):
            for state, detail in steps:
                reason = Reason(Cause.CRASHED, detail)
                log(Event("store", 1, at=0.0, from_state=State.STARTING, to_state=state, reason=reason))
        return [(record.levelname, record.msg, record.facts.get("reason")) for record in caplog.records]

    return said


def test_a_failure_that_repeats_itself_is_told_once(said):
    steps = [(State.FAILED, "refused"), (State.BACKOFF, "attempt 1"), (State.STARTING, ""), (State.FAILED, "refused")]

    assert said(*steps, *steps) == [("ERROR", "failed", "crashed: refused")]


def test_another_reason_is_told(said):
    lines = said((State.FAILED, "refused"), (State.FAILED, "no route"))

    assert [reason for _, _, reason in lines] == ["crashed: refused", "crashed: no route"]


def test_what_comes_back_after_the_actor_was_ready_is_told_again(said):
    lines = said((State.DEGRADED, "away"), (State.DEGRADED, "away"), (State.READY, ""), (State.DEGRADED, "away"))

    assert [event for _, event, _ in lines] == ["degraded", "ready", "degraded"]


def test_giving_up_is_always_told(said):
    lines = said((State.FAILED, "refused"), (State.GAVE_UP, "refused"))

    assert [event for _, event, _ in lines] == ["failed", State.GAVE_UP.value]
