"""Expiry gives memory back without a task of its own."""

from compozy.drivers.sugardb.keyspace import Keyspace


class Clock:
    time = 0.0

    def __call__(self):
        return self.time


def test_key_is_gone_at_its_deadline_and_not_before():
    clock = Clock()
    keyspace = Keyspace(clock)
    keyspace.put("key", "x", 10.0)

    clock.time = 9.999
    assert keyspace.find("key") is not None
    clock.time = 10.0
    assert keyspace.find("key") is None
    assert len(keyspace) == 0


def test_writes_drop_expired_keys_that_nobody_asks_for():
    clock = Clock()
    keyspace = Keyspace(clock)
    for number in range(1000):
        keyspace.put(f"short:{number}", "x", 1.0)
    clock.time = 2.0

    for number in range(300):
        keyspace.put(f"long:{number}", "x", 100.0)

    assert len(keyspace) == 300


def test_hand_passes_over_the_living_to_reach_the_expired():
    clock = Clock()
    keyspace = Keyspace(clock)
    for number in range(100):
        keyspace.put(f"long:{number}", "x", 100.0)
    keyspace.put("short", "x", 1.0)
    clock.time = 2.0

    for _ in range(60):
        keyspace.put("busy", "x", None)

    assert "short" not in keyspace.keys()  # noqa: SIM118 - a list of names, not a mapping's view
    assert len(keyspace) == 101


def test_value_that_lives_for_ever_forgets_the_deadline_before_it():
    clock = Clock()
    keyspace = Keyspace(clock)
    keyspace.put("key", "x", 1.0)
    keyspace.put("key", "y", None)
    clock.time = 100.0

    keyspace.put("other", "x", 1.0)

    assert keyspace.find("key") is not None
