"""Locks, as every driver holds them."""

from datetime import timedelta

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import ConflictError, InvalidError

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SHORT = timedelta(milliseconds=100)


async def test_lock_excludes_others_until_it_is_released(locks):
    lock = await locks.acquire("door", MINUTE)
    assert (lock.resource, lock.ttl) == ("door", MINUTE)

    with pytest.raises(ConflictError, match="door"):
        await locks.acquire("door", MINUTE)
    assert await locks.release(lock)

    assert (await locks.acquire("door", MINUTE)).token != lock.token


async def test_resources_do_not_exclude_each_other(locks):
    await locks.acquire("door", MINUTE)

    assert (await locks.acquire("window", MINUTE)).resource == "window"


async def test_lock_is_free_when_its_time_is_over(locks, advance):
    late = await locks.acquire("door", MINUTE)
    await advance(MINUTE)
    holder = await locks.acquire("door", MINUTE)

    with pytest.raises(ConflictError, match="door"):
        await locks.extend(late, MINUTE)
    assert not await locks.release(late)
    with pytest.raises(ConflictError):
        await locks.acquire("door", MINUTE)
    assert await locks.release(holder)


async def test_lock_is_released_once(locks):
    lock = await locks.acquire("door", MINUTE)

    assert await locks.release(lock)
    assert not await locks.release(lock)
    with pytest.raises(ConflictError):
        await locks.extend(lock, MINUTE)


async def test_token_of_somebody_else_opens_nothing(locks):
    lock = await locks.acquire("door", MINUTE)
    stranger = attrs.evolve(lock, token="0" * len(lock.token))  # the holder's but for the token

    assert not await locks.release(stranger)
    with pytest.raises(ConflictError):
        await locks.extend(stranger, MINUTE)
    with pytest.raises(ConflictError):
        await locks.acquire("door", MINUTE)


async def test_extended_lock_is_held_that_much_longer_from_now(locks, advance):
    lock = await locks.acquire("door", 10 * SECOND)
    await advance(8 * SECOND)
    await locks.extend(lock, 10 * SECOND)
    await advance(8 * SECOND)

    with pytest.raises(ConflictError):
        await locks.acquire("door", SECOND)
    await advance(2 * SECOND)
    await locks.acquire("door", SECOND)


async def test_fence_grows_with_each_lock_of_any_resource(locks, advance):
    fences = []
    for resource in ("a", "b", "a", "c"):
        lock = await locks.acquire(resource, MINUTE)
        fences.append(lock.fence)
        await (advance(MINUTE) if resource == "b" else locks.release(lock))

    assert fences == sorted(set(fences))


async def test_release_wakes_who_waits(locks):
    lock = await locks.acquire("door", MINUTE)
    acquired = []

    async def wait():
        acquired.append(await locks.acquire("door", MINUTE, wait=MINUTE))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await wait_all_tasks_blocked(0.01)
            assert acquired == []
            await locks.release(lock)

    assert acquired[0].fence > lock.fence


async def test_lock_that_expires_wakes_who_waits(locks):
    lock = await locks.acquire("door", SHORT)

    with trio.fail_after(10):
        following = await locks.acquire("door", MINUTE, wait=MINUTE)

    assert following.fence > lock.fence
    assert not await locks.release(lock)


async def test_wait_that_is_over_is_a_conflict(locks):
    await locks.acquire("door", MINUTE)

    with trio.fail_after(10), pytest.raises(ConflictError, match="door"):
        await locks.acquire("door", MINUTE, wait=timedelta(milliseconds=30))


async def test_those_who_wait_get_it_in_the_order_in_which_they_asked(locks):
    lock = await locks.acquire("door", MINUTE)
    order = []

    async def wait(name):
        mine = await locks.acquire("door", MINUTE, wait=MINUTE)
        order.append(name)
        await locks.release(mine)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for name in range(5):
                nursery.start_soon(wait, name)
                await wait_all_tasks_blocked(0.005)
            await locks.release(lock)

    assert order == [0, 1, 2, 3, 4]


async def test_who_gives_up_waiting_leaves_no_lock_behind(locks):
    lock = await locks.acquire("door", MINUTE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: locks.acquire("door", MINUTE, wait=MINUTE))
        await wait_all_tasks_blocked(0.01)
        nursery.cancel_scope.cancel()
    await locks.release(lock)

    with trio.fail_after(10):
        assert await locks.acquire("door", MINUTE, wait=5 * SECOND)


async def test_never_two_hold_it_at_once(locks):
    holders = 0
    most = 0
    done = 0

    async def work():
        nonlocal holders, most, done
        for _ in range(3):
            lock = await locks.acquire("door", MINUTE, wait=MINUTE)
            holders += 1
            most = max(most, holders)
            await trio.lowlevel.checkpoint()
            holders -= 1
            await locks.release(lock)
            done += 1

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(work)

    assert (most, done) == (1, 24)


async def test_waits_are_counted(locks, cache):
    lock = await locks.acquire("door", MINUTE)
    before = cache.statistics().lock_waits
    with pytest.raises(ConflictError):
        await locks.acquire("door", MINUTE, wait=timedelta(milliseconds=1))
    with pytest.raises(ConflictError):
        await locks.acquire("door", MINUTE)

    assert cache.statistics().lock_waits == before + 1
    await locks.release(lock)


async def test_arguments_that_make_no_sense_are_refused(locks):
    lock = await locks.acquire("door", MINUTE)

    with pytest.raises(InvalidError, match="empty"):
        await locks.acquire("", MINUTE)
    for ttl in (timedelta(), -SECOND):
        with pytest.raises(InvalidError, match="time to live"):
            await locks.acquire("window", ttl)
        with pytest.raises(InvalidError, match="time to live"):
            await locks.extend(lock, ttl)

    assert await locks.release(lock)


async def test_operations_can_be_cancelled_though_they_need_not_wait(locks, cancelled):
    lock = await locks.acquire("door", MINUTE)

    with cancelled():
        await locks.acquire("window", MINUTE)
    with cancelled():
        await locks.extend(lock, MINUTE)
    with cancelled():
        await locks.release(lock)
    assert await locks.release(lock)
    assert await locks.acquire("window", MINUTE)
