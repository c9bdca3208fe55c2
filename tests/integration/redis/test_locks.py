"""Locks among all who use the same Redis."""

from datetime import timedelta

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import ConflictError
from compozy.testing.redis import open_redis_server

MINUTE = timedelta(minutes=1)


@pytest.mark.slow
async def test_locks_exclude_those_of_other_processes(server, cache, open_on):
    async with open_on(server) as other:
        lock = await cache.locks.acquire("door", MINUTE)
        with pytest.raises(ConflictError):
            await other.locks.acquire("door", MINUTE)
        await cache.locks.release(lock)

        assert (await other.locks.acquire("door", MINUTE)).fence > lock.fence


@pytest.mark.slow
async def test_release_wakes_those_of_other_processes_at_once(server, cache, open_on):
    async with open_on(server) as other:
        lock = await cache.locks.acquire("door", MINUTE)
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:

                async def wait():
                    await other.locks.acquire("door", MINUTE, wait=MINUTE)

                nursery.start_soon(wait)
                await wait_all_tasks_blocked(0.05)
                await cache.locks.release(lock)


@pytest.mark.slow
async def test_who_waits_asks_redis_only_when_there_is_news(server, cache):
    await cache.locks.acquire("door", MINUTE)
    before = cache.statistics().commands
    with pytest.raises(ConflictError):
        await cache.locks.acquire("door", MINUTE, wait=timedelta(milliseconds=300))

    assert cache.statistics().commands - before <= 4  # two attempts, and what may have undone the last


async def test_those_in_line_behind_the_first_do_not_ask_redis(cache):
    await cache.locks.acquire("door", MINUTE)
    async with trio.open_nursery() as nursery:
        before = cache.statistics().commands
        nursery.start_soon(lambda: cache.locks.acquire("door", MINUTE, wait=MINUTE))
        with trio.fail_after(10):  # the first tries, subscribes, and tries once more
            while cache.statistics().commands < before + 2:  # noqa: ASYNC110 - there is no event for a command
                await trio.sleep(0.001)
        before = cache.statistics().commands
        for _ in range(10):
            nursery.start_soon(lambda: cache.locks.acquire("door", MINUTE, wait=MINUTE))
        await wait_all_tasks_blocked(0.02)

        assert cache.statistics().commands == before
        nursery.cancel_scope.cancel()


async def test_who_gives_up_at_the_head_of_the_line_lets_the_next_try(cache):
    lock = await cache.locks.acquire("door", MINUTE)
    acquired = []

    async def wait(*, task_status):
        with trio.CancelScope() as scope:
            task_status.started(scope)
            acquired.append(await cache.locks.acquire("door", MINUTE, wait=MINUTE))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            first = await nursery.start(wait)
            await wait_all_tasks_blocked(0.01)
            await nursery.start(wait)
            await wait_all_tasks_blocked(0.01)
            first.cancel()
            await cache.locks.release(lock)

    assert len(acquired) == 1


async def test_fences_grow_even_when_the_server_has_lost_its_memory(open_on):
    with open_redis_server() as server:
        async with open_on(server) as cache:
            before = await cache.locks.acquire("door", MINUTE)
        server.kill()
        server.start()
        async with open_on(server) as cache:
            after = await cache.locks.acquire("door", MINUTE)

    assert after.fence > before.fence


async def test_lock_of_a_process_that_is_gone_is_free_when_its_time_is_over(server, cache, open_on):
    async with open_on(server) as other:
        await other.locks.acquire("door", timedelta(milliseconds=100))

    with trio.fail_after(5):
        await cache.locks.acquire("door", MINUTE, wait=MINUTE)


@pytest.mark.slow
async def test_never_two_of_several_processes_hold_it_at_once(server, open_on):
    holders = 0
    fences = []

    async def work(cache):
        nonlocal holders
        for _ in range(5):
            lock = await cache.locks.acquire("door", MINUTE, wait=MINUTE)
            assert not holders
            holders += 1
            fences.append(lock.fence)
            await trio.sleep(0.001)
            holders -= 1
            await cache.locks.release(lock)

    with trio.fail_after(60):
        async with open_on(server) as one, open_on(server) as two, trio.open_nursery() as nursery:
            for cache in (one, two) * 4:
                nursery.start_soon(work, cache)

    assert len(fences) == 40
    assert fences == sorted(set(fences))
