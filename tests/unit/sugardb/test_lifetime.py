"""The life of an embedded cache, and the clock it is given."""

import itertools
from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.drivers.sugardb import open_cache


async def test_ttl_runs_on_the_clock_of_trio_by_default(mock_clock):
    async with open_cache() as cache:
        await cache.kv.set("key", "x", ttl=timedelta(minutes=1))
        mock_clock.jump(59)
        assert await cache.kv.get("key") == "x"
        mock_clock.jump(1)

        with pytest.raises(NotFoundError):
            await cache.kv.get("key")


async def test_caches_share_nothing():
    async with open_cache() as one, open_cache() as other:
        await one.kv.set("key", "x")

        assert await other.kv.get_many("key") == [None]
        async with one.pubsub.subscribe("news"):
            assert await other.pubsub.publish("news", "x") == 0


async def test_closing_ends_open_subscriptions_after_what_they_have():
    received = []

    async def listen(cache, *, task_status):
        async with cache.pubsub.subscribe("a") as by_name, cache.pubsub.subscribe_patterns("*") as by_pattern:
            task_status.started()
            received.extend([message.payload async for message in by_name])
            received.extend([message.payload async for message in by_pattern])

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery, open_cache() as cache:
            await nursery.start(listen, cache)
            assert await cache.pubsub.publish("a", "last") == 2

    assert received == ["last", "last"]


async def test_closed_cache_is_unavailable():
    async with open_cache() as cache:
        await cache.kv.set("key", "x")

    for call in (
        cache.ping,
        lambda: cache.kv.get("key"),
        lambda: cache.lists.length("key"),
        lambda: cache.hashes.get_all("key"),
        lambda: cache.conversations.read("key"),
        lambda: cache.locks.acquire("door", timedelta(seconds=1)),
    ):
        with pytest.raises(UnavailableError, match="closed"):
            await call()
    with pytest.raises(UnavailableError, match="closed"):
        await cache.pubsub.publish("news", "x")
    with pytest.raises(UnavailableError, match="closed"):
        async with cache.pubsub.subscribe("news"):
            pass
    with pytest.raises(UnavailableError, match="closed"):
        async for _ in cache.keys.scan():
            pass


async def test_publish_counts_subscriptions_and_forgets_those_that_left():
    async with open_cache() as cache:
        async with cache.pubsub.subscribe("a", "b"), cache.pubsub.subscribe_patterns("a*", "*"):
            assert await cache.pubsub.publish("a", "x") == 2
            assert await cache.pubsub.publish("c", "x") == 1

        assert await cache.pubsub.publish("a", "x") == 0


async def test_slow_subscriber_keeps_the_last_hundred():
    async with open_cache() as cache, cache.pubsub.subscribe("news") as messages:
        for number in range(250):
            await cache.pubsub.publish("news", str(number))
        first = await anext(messages)

    assert (first.payload, first.lost) == ("150", 150)


async def test_each_message_goes_to_one_of_several_readers():
    received = []

    async def read(messages):
        received.append((await anext(messages)).payload)

    with trio.fail_after(5):
        async with open_cache() as cache, cache.pubsub.subscribe("news") as messages, trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(read, messages)
            await wait_all_tasks_blocked()
            for payload in "abc":
                await cache.pubsub.publish("news", payload)

    assert sorted(received) == ["a", "b", "c"]


async def test_cancelled_operation_has_done_nothing():
    async with open_cache() as cache:
        with trio.CancelScope() as scope:
            scope.cancel()
            await cache.kv.increment("n")

        assert scope.cancelled_caught
        assert await cache.kv.get_many("n") == [None]


async def test_scan_of_many_keys_lets_others_have_their_turn():
    async with open_cache() as cache:
        for number in range(5000):
            await cache.kv.set(f"key:{number}", "x")
        turns = 0

        async def count():
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            assert [page async for page in cache.keys.scan("nobody")] == []
            nursery.cancel_scope.cancel()

    assert turns >= 3


@pytest.mark.slow
@pytest.mark.parametrize("durable", [False, True])
async def test_each_operation_sees_one_instant_though_the_clock_goes_on(tmp_path, durable):
    """Whatever it looks at several times is there all the time or not at all, even if it expires just then."""
    clock = itertools.count()
    options = {"folder": tmp_path, "fsync": "always", "rewrite_bytes": 1} if durable else {}
    async with open_cache(clock=lambda: float(next(clock)), max_memory=3000, **options) as cache:
        for number in range(60):
            ttl = timedelta(seconds=1 + number % 20)
            await cache.conversations.append_trim("talk", ["x"], token_delta=1, ttl=ttl)
            messages, found = await cache.conversations.read("talk")
            assert len(messages) == found.length == found.tokens
            await cache.lists.push("list", "x", "y")
            await cache.kv.expire("list", ttl)
            await cache.lists.trim("list", 0, -2)
            await cache.hashes.set("hash", {"a": "x", "b": "y"})
            await cache.kv.expire("hash", ttl)
            await cache.hashes.delete("hash", "a")
            await cache.kv.increment("count", ttl_if_new=ttl)
            await cache.kv.delete("count", "other")
