"""What follows what."""

import pytest

from compozy.domain.definitions import TaskDefinition, Transition
from compozy.domain.statuses import SUCCESSORS, Status, may_follow
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
