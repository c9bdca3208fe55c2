"""An event reaches whom it concerns, once, and whoever cannot take it is named."""

import pytest

from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.engine.dispatching import Dispatching, Refusal

from .conftest import NOON


@pytest.fixture
def dispatching(executions):
    return Dispatching(executions)


@pytest.fixture
def an_event():
    """Return a function that makes an event."""

    def make(name="paid", event_id="1", sender=None, **payload):
        return Signal(name=name, payload=payload, event_id=event_id, at=NOON, sender=sender)

    return make


async def test_an_event_is_told_to_those_who_wait_for_it_and_to_nobody_else(
    dispatching, record, orchestrator, an_event
):
    for exec_id, name in (("a", "sent"), ("b", "other"), ("c", "sent")):
        await record(exec_id, awaits=name)

    assert (await dispatching.tell(an_event("sent"))).delivered == 2
    assert orchestrator.told == [("signal sent 1", "a"), ("signal sent 1", "c")]


async def test_who_waits_is_told_page_by_page(dispatching, record, orchestrator, an_event):
    exec_ids = [f"{number:04}" for number in range(501)]
    for exec_id in exec_ids:
        await record(exec_id, awaits="sent")

    assert (await dispatching.tell(an_event("sent"))).delivered == 501
    assert [exec_id for _, exec_id in orchestrator.told] == exec_ids


async def test_who_knows_already_counts_and_is_not_told_and_who_has_ended_does_not_count(
    dispatching, record, orchestrator, an_event
):
    for exec_id in "abc":
        await record(exec_id, awaits="sent")
    orchestrator.unknown.add("b")

    assert (await dispatching.tell(an_event("sent"), informed="a")).delivered == 2
    assert orchestrator.told == [("signal sent 1", "c")]


async def test_an_event_starts_each_workflow_that_it_triggers_once(dispatching, executions, orchestrator, an_event):
    event = an_event(amount=3, sender="s")
    first, again = [await dispatching.tell(event) for _ in range(2)]
    other = await dispatching.tell(an_event(event_id="2", amount=3))

    assert first == again
    assert len(set(first.started) | set(other.started)) == 4
    states = [await executions.state_of(exec_id) for exec_id in first.started]
    assert [state.workflow_id for state in states] == ["bill", "thank"]
    assert {state.parent_exec_id for state in states} == {"s"}
    assert states[0].trigger == {"type": "signal", "name": "paid", "payload": {"amount": 3}}
    assert [what for what, _ in orchestrator.told].count("start") == 4


async def test_a_workflow_that_cannot_run_on_the_payload_is_named_and_the_others_start(dispatching, an_event):
    told = await dispatching.tell(an_event(sum=3))

    assert told.refused == (Refusal(workflow_id="bill", reason="payload.amount: is required"),)
    assert len(told.started) == 1


async def test_an_event_that_was_told_in_part_is_told_in_full_when_it_is_told_again(
    dispatching, record, executions, orchestrator, an_event
):
    await record("a", awaits="paid")
    orchestrator.is_away = True
    with pytest.raises(UnavailableError):
        await dispatching.tell(an_event(amount=1))
    orchestrator.is_away = False
    told = await dispatching.tell(an_event(amount=1))

    assert (told.delivered, len(told.started)) == (1, 2)
    assert (await executions.state_of(told.started[0])).status is Status.PENDING
