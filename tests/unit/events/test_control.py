"""What is told to an execution is kept until all that may look at it have."""

from datetime import UTC, datetime

import pytest

from compozy.domain.errors import InvalidError
from compozy.domain.events import event_name
from compozy.domain.statuses import Status
from compozy.domain.work import Signal
from compozy.worker.interpreter.control import Control


def a_signal(event_id, name="paid"):
    return Signal(name=name, payload={}, event_id=event_id, at=datetime(2026, 11, 23, tzinfo=UTC))


def kept(control):
    return [signal.event_id for signal in control.signals]


def test_a_signal_is_known_by_its_event():
    control = Control()
    for event_id in "aba":
        control.take(a_signal(event_id))

    assert kept(control) == ["a", "b"]


def test_what_a_wait_has_not_looked_at_is_kept_for_the_next():
    control = Control()
    waiter = control.begin_wait("paid")
    for event_id, name in (("a", "paid"), ("b", "sent"), ("c", "paid")):
        control.take(a_signal(event_id, name))
    assert [waiter.wants(signal) for signal in control.signals] == [True, False, True]
    control.end_wait(waiter)

    assert kept(control) == ["a", "b", "c"]


def test_an_execution_is_paused_while_somebody_said_so_or_something_waits():
    control = Control()
    assert control.standing is Status.RUNNING
    one, two = control.begin_wait("paid"), control.begin_wait("paid")
    control.end_wait(one)
    assert control.standing is Status.PAUSED
    control.is_paused = True
    control.end_wait(two)
    assert control.standing is Status.PAUSED
    control.is_paused = False

    assert control.standing is Status.RUNNING


async def test_who_knows_of_a_pause_does_not_wait_to_be_told():
    control = Control()
    control.put_pause(is_paused=True)

    await control.heed(is_canceled=False)  # outside of a workflow, where waiting is an error


@pytest.mark.parametrize("name", ["", " ", None, 3, ["a"], "a\0", "\ud800", "x" * 256])
def test_what_is_no_text_that_can_be_looked_up_is_no_name_of_an_event(name):
    with pytest.raises(InvalidError, match="event"):
        event_name(name)


def test_any_other_text_is():
    assert event_name("x" * 255) == "x" * 255
    assert event_name("ordre payé, 3") == "ordre payé, 3"
