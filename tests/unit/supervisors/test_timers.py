"""The deadlines of all actors: which is the next, and whose has come."""

import math

from hypothesis import given
from hypothesis import strategies as st

from supervisors.runtime.timers import Timers


class Deadlines:
    """Deadlines by actor as the world has them, beside the timers that are told of each."""

    def __init__(self):
        self.real = {}
        self.timers = Timers(lambda name: self.real.get(name, -1.0))

    def put(self, name, at):
        self.real[name] = at
        self.timers.add(at, name)


def test_without_deadlines_there_is_nothing_to_wait_for():
    timers = Timers(lambda _: math.inf)

    assert (timers.next_at, timers.earliest, timers.take_due(1e9)) == (math.inf, math.inf, ())


def test_the_nearest_deadline_is_next():
    deadlines = Deadlines()
    for name, at in (("a", 5), ("b", 3), ("c", 4)):
        deadlines.put(name, at)

    assert deadlines.timers.next_at == 3
    assert deadlines.timers.take_due(4) == ("b", "c")
    assert deadlines.timers.next_at == 5


def test_an_infinite_deadline_is_none():
    deadlines = Deadlines()

    deadlines.put("a", math.inf)

    assert deadlines.timers.earliest == math.inf


def test_a_deadline_that_has_moved_is_passed_over():
    deadlines = Deadlines()
    deadlines.put("a", 3)
    deadlines.put("a", 8)

    assert deadlines.timers.next_at == 8


def test_a_deadline_of_what_is_gone_is_passed_over():
    deadlines = Deadlines()
    deadlines.put("pool/1", 3)
    deadlines.put("b", 8)
    del deadlines.real["pool/1"]

    assert deadlines.timers.next_at == 8


def test_an_actor_is_due_once_however_often_it_was_put():
    deadlines = Deadlines()
    for _ in range(3):
        deadlines.put("a", 1)

    assert deadlines.timers.take_due(1) == ("a",)
    assert deadlines.timers.take_due(1) == ()


def test_what_is_due_is_due_at_its_very_time():
    deadlines = Deadlines()
    deadlines.put("a", 1)

    assert deadlines.timers.take_due(math.nextafter(1, 0)) == ()
    assert deadlines.timers.take_due(1) == ("a",)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from("abcd"), st.integers(0, 20).map(float)),
            st.tuples(st.just("clear"), st.sampled_from("abcd"), st.just(math.inf)),
            st.tuples(st.just("forget"), st.sampled_from("abcd"), st.just(0.0)),
            st.tuples(st.just("wait"), st.just(""), st.integers(0, 20).map(float)),
        ),
        max_size=30,
    )
)
def test_no_deadline_is_ever_missed_or_invented(steps):
    deadlines = Deadlines()
    for what, name, at in steps:
        if what in {"put", "clear"}:
            deadlines.put(name, at)
        elif what == "forget":
            deadlines.real.pop(name, None)
        else:
            due = deadlines.timers.take_due(at)
            expected = {each for each, when in deadlines.real.items() if when <= at}
            assert expected <= set(due)
            for each in expected:
                deadlines.put(each, math.inf)
        nearest = min(deadlines.real.values(), default=math.inf)
        assert deadlines.timers.earliest <= nearest
        assert deadlines.timers.next_at == nearest
