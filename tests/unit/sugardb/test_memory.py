"""The limit to memory, and the estimate it goes by."""

import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.errors import ConflictError
from compozy.drivers.sugardb.effects import Append, Expire, Put, PutFields, Remove, RemoveFields, Trim
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.memory import Memory

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "grow",
    [
        lambda cache: cache.kv.set("other", "x" * 4000),
        lambda cache: cache.kv.set("new", "x" * 4000, only_if_absent=True),
        lambda cache: cache.lists.push("list", *["x" * 100] * 40),
        lambda cache: cache.lists.push("new", *["x" * 100] * 40),
        lambda cache: cache.hashes.set("hash", {"field": "x" * 4000}),
        lambda cache: cache.conversations.append_trim("talk", ["x" * 4000], token_delta=1, ttl=MINUTE),
    ],
)
@pytest.mark.parametrize("durable", [False, True])
async def test_write_beyond_the_limit_is_refused_and_changes_nothing(tmp_path, clocks, contents, grow, durable):
    options = {"folder": tmp_path, "fsync": "always"} if durable else {}
    async with clocks.open(max_memory=8000, **options) as cache:
        await cache.kv.set("full", "x" * 3000)
        await cache.lists.push("list", "a")
        await cache.hashes.set("hash", {"field": "old"})
        await cache.conversations.append_trim("talk", ["a"], token_delta=1)
        before = await contents(cache)

        with pytest.raises(ConflictError, match=r"full: 8000 bytes are its limit.*delete keys"):
            await grow(cache)

        assert await contents(cache) == before
        assert await cache.kv.delete("full") == 1
        await grow(cache)
        after = await contents(cache)

    if durable:
        async with clocks.open(tmp_path) as cache:
            assert await contents(cache) == after


async def test_full_cache_takes_what_needs_no_more_memory(clocks):
    async with clocks.open(max_memory=3000) as cache:
        await cache.lists.push("list", *["x" * 50] * 20)
        with pytest.raises(ConflictError):
            await cache.kv.set("big", "x" * 2000)

        await cache.conversations.append_trim("list", ["y" * 50], max_length=10)
        await cache.kv.expire("list", MINUTE)
        await cache.lists.trim("list", -2, -1)

        assert await cache.lists.length("list") == 2


async def test_expired_keys_give_way_to_new_ones(clocks):
    async with clocks.open(max_memory=20_000) as cache:
        for number in range(60):
            await cache.kv.set(f"key {number}", "x" * 100, ttl=MINUTE)
        clocks.advance(61)

        assert await cache.kv.set("big", "x" * 15_000)


async def test_cache_over_its_limit_can_be_opened_and_emptied(tmp_path, clocks):
    async with clocks.open(tmp_path) as cache:
        for number in range(10):
            await cache.kv.set(f"key {number}", "x" * 1000)

    async with clocks.open(tmp_path, max_memory=5000) as cache:
        assert await cache.kv.get("key 9") == "x" * 1000
        with pytest.raises(ConflictError, match="full"):
            await cache.kv.set("new", "x")
        await cache.kv.delete(*(f"key {number}" for number in range(9)))
        assert await cache.kv.set("new", "x")


KINDS = ["text", "list", "hash", "push", "trim", "field", "drop", "remove", "expire"]
STEP = st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"), st.text("xé€", max_size=20))


@pytest.mark.slow
@given(st.lists(STEP, max_size=40))
def test_estimate_is_what_counting_everything_anew_would_give(steps):
    now = 0
    keyspace = Keyspace(lambda: now)
    memory = Memory(keyspace, sys.maxsize)

    for number, (kind, key, text) in enumerate(steps):
        now = number
        keyspace.tick()
        effect = _effect(kind, key, text, keyspace.find(key), now)
        if effect is not None:
            memory.count(effect)
            keyspace.apply(effect)
            keyspace.sweep()

    anew = Memory(fresh := Keyspace(lambda: 0), sys.maxsize)
    for key in "abc":
        value = keyspace.held(key)
        if value is not None:
            anew.count(Put(key, value))
            fresh.apply(Put(key, value))
    assert memory.used == anew.used
    assert (memory.used == 0) == (len(keyspace) == 0)


def _effect(kind, key, text, held, now):
    """Return an effect of that kind, or None when it does not fit what the key holds."""
    fitting = {"text": Put(key, text), "list": Put(key, [text]), "hash": Put(key, {text: text}), "remove": Remove(key)}
    if held is not None:
        fitting["expire"] = Expire(key, now + 2)
    if isinstance(held, list):
        fitting["push"] = Append(key, [text, "x"])
    if isinstance(held, list) and len(held) > 2:
        fitting["trim"] = Trim(key, 1, len(held) - 1)
    if isinstance(held, dict):
        fitting["field"] = PutFields(key, {text: "y", "z": text})
    if isinstance(held, dict) and len(held) > 1:
        fitting["drop"] = RemoveFields(key, [next(iter(held))])
    return fitting.get(kind)
