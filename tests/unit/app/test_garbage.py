"""What a program has made until it is ready is left alone by the collector, and only as long as all goes well."""

import gc

import pytest

from compozy.app.garbage import put_all_aside, put_aside
from supervisors import Cause, Event, Reason, State


@pytest.fixture(autouse=True)
def _nothing_aside():
    gc.unfreeze()
    yield
    gc.unfreeze()


def happens(state):
    put_aside(Event("http", 1, at=0.0, from_state=State.STARTING, to_state=state, reason=Reason(Cause.CRASHED, "")))


def test_what_there_is_when_an_actor_is_ready_is_put_aside():
    happens(State.READY)

    assert gc.get_freeze_count() > 0


@pytest.mark.parametrize("state", [State.STOPPING, State.FAILED])
def test_it_is_taken_back_when_an_actor_stops_or_fails(state):
    happens(State.READY)
    happens(state)

    assert gc.get_freeze_count() == 0


def test_nothing_else_that_happens_changes_it():
    happens(State.STARTING)
    happens(State.DEGRADED)

    assert gc.get_freeze_count() == 0


def test_in_the_end_everything_is_put_aside():
    put_all_aside()

    assert gc.get_freeze_count() > 0
