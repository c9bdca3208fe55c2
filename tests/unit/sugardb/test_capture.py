"""What is captured is what was there at that instant, whatever changes while it is told."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from compozy.drivers.sugardb.capture import ITEMS, Capture
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.deadlines import SHARDS
from compozy.drivers.sugardb.effects import Append, Expire, Put, PutFields, Remove, RemoveFields, Trim
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.turns import Turns

NAMES = [f"key {number}" for number in range(30)]
KINDS = ["text", "list", "hash", "grow", "shrink", "expire", "remove"]
STEP = st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES))


def contents(keyspace):
    names = [name for shard in range(SHARDS) for name in keyspace.names(shard)]
    return {name: keyspace.image(name) for name in names}


def change(keyspace, kind, key):
    """Return an effect of that kind, or a text in place of one that does not fit what the key holds."""
    held = keyspace.find(key)
    fitting = {"list": Put(key, ["a", "b"], 99.0), "hash": Put(key, {"a": "x", "b": "y"}), "remove": Remove(key)}
    if held is not None:
        fitting["expire"] = Expire(key, 50.0)
    if isinstance(held, list):
        fitting |= {"grow": Append(key, ["more"]), "shrink": Trim(key, 0, 1)}
    if isinstance(held, dict):
        fitting["grow"] = PutFields(key, {"more": "x", "a": "y"})
    if isinstance(held, dict) and len(held) > 1:
        fitting["shrink"] = RemoveFields(key, [next(iter(held))])
    return fitting.get(kind) or Put(key, kind)


@pytest.mark.slow
@given(st.lists(STEP, max_size=40), st.lists(STEP, max_size=60), st.data())
def test_capture_tells_the_instant_it_was_made(before, after, data):
    keyspace = Keyspace(lambda: 0.0)
    database = Database(keyspace, Turns(), memory=None, journal=None)

    async def run():
        for kind, key in before:
            await database.write(change(keyspace, kind, key))
        expected = contents(keyspace)
        capture = Capture(database)
        told = Keyspace(lambda: 0.0)
        left = list(after)

        async def disturb():
            for _ in range(data.draw(st.integers(0, 3))):
                if left:
                    await database.write(change(keyspace, *left.pop()))

        await disturb()
        for entry in capture.entries():
            told.apply(entry)
            await disturb()
        capture.release()

        assert contents(told) == expected
        assert database.changing is None

    trio.run(run)


async def test_large_values_are_told_in_parts_as_they_were():
    keyspace = Keyspace(lambda: 0.0)
    database = Database(keyspace, Turns(), memory=None, journal=None)
    items = [str(number) for number in range(ITEMS * 2 + 5)]
    await database.write(Put("list", items.copy(), 9.0), Put("hash", dict.fromkeys(items, "x"), 9.0))
    capture = Capture(database)
    told = Keyspace(lambda: 0.0)

    largest = 0
    for entry in capture.entries():
        largest = max(largest, len(entry[1]))
        told.apply(entry)
        await database.write(Append("list", ["more"]), PutFields("hash", {"0": "y", "more": "z"}))

    assert largest == ITEMS
    assert told.image("list") == Put("list", items, 9.0)
    assert told.image("hash") == Put("hash", dict.fromkeys(items, "x"), 9.0)
