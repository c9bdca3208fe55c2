"""An event reaches whom it concerns, once, and whoever cannot take it is named."""

import pytest

from compozy.domain.errors import TaskError, UnavailableError
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.engine.dispatching import MOST_IN_A_ROW, Dispatching, Refusal

from .conftest import NOON


@pytest.fixture
def dispatching(executions):
    return Dispatching(executions)


@pytest.fixture
def an_event():
    """Return a function that makes an event."""

    def make(name="paid", event_id="1", sender=None, depth=0, **payload):
        return Signal(name=name, payload=payload, event_id=event_id, at=NOON, sender=sender, depth=depth)

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
    assert states[0].trigger == {"type": "signal", "name": "paid", "payload": {"amount": 3}, "depth": 1}
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


async def test_who_is_started_by_an_event_knows_how_many_were_before_it(dispatching, executions, an_event):
    told = await dispatching.tell(an_event(amount=3, depth=4))

    [exec_id, *_] = told.started
    assert (await executions.state_of(exec_id)).trigger["depth"] == 5


async def test_an_event_at_the_end_of_a_long_row_that_starts_a_workflow_is_refused(dispatching, an_event):
    last = an_event(amount=3, depth=MOST_IN_A_ROW - 1)
    dispatching.check_depth(last)
    assert (await dispatching.tell(last)).started
    with pytest.raises(TaskError, match=r"'paid' would start 'bill', 'thank', after 20 executions in a row") as refused:
        dispatching.check_depth(an_event(depth=MOST_IN_A_ROW))

    assert refused.value.error_code == "EVENT_LOOP"
    assert refused.value.details["depth"] == MOST_IN_A_ROW


async def test_an_event_that_starts_nothing_may_come_at_the_end_of_any_row(dispatching, an_event):
    event = an_event("nobody-is-started", depth=MOST_IN_A_ROW)
    dispatching.check_depth(event)

    assert (await dispatching.tell(event)).started == ()
