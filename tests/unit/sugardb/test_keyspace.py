"""Expiry gives memory back without a task of its own, and the hand that does it looks at each key once per round."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.drivers.sugardb.deadlines import Deadlines
from compozy.drivers.sugardb.effects import NEVER, Put, Remove
from compozy.drivers.sugardb.keyspace import Keyspace


class Clock:
    time = 0.0

    def __call__(self):
        return self.time


def put(keyspace, key, value="x", deadline=NEVER):
    """Write as an operation does: it begins with a look at the clock, and the hand moves with each write."""
    keyspace.tick()
    keyspace.apply(Put(key, value, deadline))
    keyspace.sweep()


def test_key_is_gone_at_its_deadline_and_not_before():
    clock = Clock()
    keyspace = Keyspace(clock)
    put(keyspace, "key", deadline=10.0)

    clock.time = 9.999
    keyspace.tick()
    assert keyspace.find("key") is not None
    clock.time = 10.0
    assert keyspace.find("key") is not None
    keyspace.tick()
    assert keyspace.find("key") is None
    assert len(keyspace) == 0


def test_writes_drop_expired_keys_that_nobody_asks_for():
    clock = Clock()
    keyspace = Keyspace(clock)
    for number in range(1000):
        put(keyspace, f"short:{number}", deadline=1.0)
    clock.time = 2.0

    for number in range(300):
        put(keyspace, f"long:{number}", deadline=100.0)

    assert len(keyspace) == 300


def test_hand_passes_over_the_living_to_reach_the_expired():
    clock = Clock()
    keyspace = Keyspace(clock)
    for number in range(100):
        put(keyspace, f"long:{number}", deadline=100.0)
    put(keyspace, "short", deadline=1.0)
    clock.time = 2.0

    for _ in range(60):
        put(keyspace, "busy")

    assert keyspace.held("short") is None
    assert len(keyspace) == 101


def test_value_that_lives_for_ever_forgets_the_deadline_before_it():
    clock = Clock()
    keyspace = Keyspace(clock)
    put(keyspace, "key", deadline=1.0)
    put(keyspace, "key", "y")
    clock.time = 100.0

    put(keyspace, "other", deadline=101.0)

    assert keyspace.find("key") == "y"


def test_key_that_comes_and_goes_takes_no_room_among_the_deadlines():
    clock = Clock()
    keyspace = Keyspace(clock)
    for _ in range(1000):
        put(keyspace, "key", deadline=100.0)
        keyspace.apply(Remove("key"))
        keyspace.sweep()

    assert len(keyspace) == 0
    assert len(keyspace._deadlines) <= 1


def test_ring_of_many_keys_is_no_work_for_the_garbage_collector():
    deadlines = Deadlines()
    for number in range(5000):
        deadlines.put(f"key {number}", 100.0)

    gc.collect()

    assert len(deadlines._ahead) == 10
    assert not any(map(gc.is_tracked, [*deadlines._ahead, *deadlines.shards]))


NAMES = st.sampled_from("abcdefgh")


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["put", "never", "pass"]), NAMES, st.integers(1, 20)), max_size=200))
def test_hand_finds_every_expired_key_once_and_no_other(steps):
    deadlines = Deadlines()
    expected = {}
    now = 0

    for step, name, number in steps:
        if step == "put":
            expected[name] = now + number
            deadlines.put(name, now + number)
        elif step == "never":
            expected.pop(name, None)
            deadlines.put(name, NEVER)
        else:
            now += number
            found = deadlines.passed(now, steps=len(deadlines))
            assert sorted(found) == sorted(name for name, deadline in expected.items() if deadline <= now)
            expected = {name: deadline for name, deadline in expected.items() if deadline > now}
            assert len(deadlines) == len(expected)
