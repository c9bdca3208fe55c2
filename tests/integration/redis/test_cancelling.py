"""Whoever is cancelled, wherever that hits them, leaves everything as good as it was for the others."""

from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import NotFoundError

MINUTE = timedelta(minutes=1)


@pytest.fixture
def is_sound(server, cache):
    """Prove that answers go to those who asked, that nobody is listening, and that no lock is held."""

    async def prove():
        for number in range(3):
            await cache.kv.set("sound", str(number))
            assert await cache.kv.get("sound") == str(number)
            assert await cache.conversations.read(f"nothing:{number}")
        with pytest.raises(NotFoundError):
            await cache.kv.get("absent")
        assert server.ask("PUBSUB", "CHANNELS") == []
        assert server.ask("EXISTS", "compozy:lock:door") == 0

    return prove


async def scan(cache):
    return [page async for page in cache.keys.scan(page_size=2)]


async def listen(cache):
    async with cache.pubsub.subscribe("a", "b") as messages:
        await cache.pubsub.publish("a", "x")
        await anext(messages)


async def listen_by_pattern(cache):
    async with cache.pubsub.subscribe_patterns("a*") as messages:
        await cache.pubsub.publish("ab", "x")
        await anext(messages)


async def lock(cache):
    held = await cache.locks.acquire("door", MINUTE)
    with trio.CancelScope(shield=True):
        await cache.locks.release(held)


async def wait_for_lock(cache):
    """Acquire one that somebody else holds until a moment after it was asked for."""
    with trio.CancelScope(shield=True):
        held = await cache.locks.acquire("door", MINUTE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(release_soon, cache, held)
        mine = await cache.locks.acquire("door", MINUTE, wait=MINUTE)
        with trio.CancelScope(shield=True):
            await cache.locks.release(mine)


async def release_soon(cache, held):
    with trio.CancelScope(shield=True):
        await wait_all_tasks_blocked(0.002)
        await cache.locks.release(held)


OPERATIONS = {
    "get": lambda cache: cache.kv.get_many("key"),
    "set": lambda cache: cache.kv.set("key", "x" * 100_000),
    "increment": lambda cache: cache.kv.increment("n", ttl_if_new=MINUTE),
    "push": lambda cache: cache.lists.push("list", "x"),
    "hash": lambda cache: cache.hashes.set("hash", {"a": "x"}),
    "append_trim": lambda cache: cache.conversations.append_trim("talk", "abc", max_length=2),
    "scan": scan,
    "publish": lambda cache: cache.pubsub.publish("news", "x"),
    "listen": listen,
    "listen by pattern": listen_by_pattern,
    "lock": lock,
    "wait for a lock": wait_for_lock,
    "limit": lambda cache: cache.limiter.hit("key", 3, MINUTE),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
async def test_operation_that_is_cancelled_at_any_step_does_no_harm(
    server, cache, is_sound, cancelled_everywhere, name
):
    for number in range(9):
        await cache.kv.set(f"key:{number}", "x")
    server.ask("SCRIPT", "FLUSH")
    with trio.fail_after(60):
        steps = await cancelled_everywhere(lambda: OPERATIONS[name](cache), between=is_sound)

    assert steps >= 2


@pytest.mark.slow
async def test_answers_go_to_those_who_asked_however_many_are_cancelled(cache):
    async def ask(name):
        for number in range(60):
            with trio.move_on_after(0.0002 * (number % 7)) as scope:
                await cache.kv.set(name, str(number))
            if scope.cancelled_caught:
                await cache.kv.set(name, str(number))  # comes after the one that was cancelled
            assert await cache.kv.get(name) == str(number)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for name in range(20):
                nursery.start_soon(ask, f"key:{name}")


async def test_cancelled_command_is_never_carried_out_after_a_later_one(cache):
    for number in range(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cache.kv.set, "key", "cancelled")
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        await cache.kv.set("key", str(number))

        assert await cache.kv.get("key") == str(number)


async def test_cancelling_does_not_wait_for_a_server_that_stands_still(own_server, open_on):
    async with open_on(own_server, command_timeout=MINUTE) as cache:
        own_server.pause()
        with trio.fail_after(5), trio.move_on_after(0.02) as scope:
            await cache.kv.get("key")
        own_server.go_on()

    assert scope.cancelled_caught
