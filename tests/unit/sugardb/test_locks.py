"""Locks on a clock that the tests move: the instant at which each is handed on, and any order of events."""

from datetime import timedelta
from itertools import pairwise

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from compozy.domain.errors import ConflictError, UnavailableError
from compozy.drivers.sugardb import open_cache

SECOND = timedelta(seconds=1)


async def test_first_in_the_queue_gets_the_lock_at_the_instant_it_expires(autojump_clock):
    async with open_cache() as cache:
        await cache.locks.acquire("door", 10 * SECOND)
        begun = trio.current_time()
        await cache.locks.acquire("door", SECOND, wait=60 * SECOND)

        assert trio.current_time() - begun == pytest.approx(10)


async def test_chain_of_holders_that_never_release_hands_on_at_each_expiry(autojump_clock):
    times = []

    async def take(cache):
        await cache.locks.acquire("door", 5 * SECOND, wait=100 * SECOND)
        times.append(trio.current_time())

    async with open_cache() as cache:
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(take, cache)

    assert [time - begun for time in times] == pytest.approx([0, 5, 10, 15])


@pytest.mark.parametrize(("extension", "handed_on"), [(20, 22), (1, 3)])
async def test_extension_moves_the_instant_either_way(autojump_clock, extension, handed_on):
    async with open_cache() as cache:
        lock = await cache.locks.acquire("door", 10 * SECOND)
        begun = trio.current_time()

        async def wait():
            await cache.locks.acquire("door", SECOND, wait=100 * SECOND)
            assert trio.current_time() - begun == pytest.approx(handed_on)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.sleep(2)
            await cache.locks.extend(lock, extension * SECOND)


async def test_wait_ends_after_the_time_given(autojump_clock):
    async with open_cache() as cache:
        await cache.locks.acquire("door", 10 * SECOND)
        begun = trio.current_time()
        with pytest.raises(ConflictError):
            await cache.locks.acquire("door", SECOND, wait=3 * SECOND)

        assert trio.current_time() - begun == pytest.approx(3)


async def test_latecomer_does_not_pass_those_who_wait(mock_clock):
    async with open_cache() as cache, trio.open_nursery() as nursery:
        lock = await cache.locks.acquire("door", 10 * SECOND)
        nursery.start_soon(lambda: cache.locks.acquire("door", 10 * SECOND, wait=60 * SECOND))
        await wait_all_tasks_blocked()
        assert await cache.locks.release(lock)

        with pytest.raises(ConflictError):
            await cache.locks.acquire("door", SECOND)


async def test_lock_given_to_one_who_is_cancelled_goes_to_the_next(mock_clock):
    async with open_cache() as cache, trio.open_nursery() as nursery:
        lock = await cache.locks.acquire("door", 10 * SECOND)
        scope = trio.CancelScope()

        async def give_up():
            with scope:
                await cache.locks.acquire("door", 99 * SECOND, wait=60 * SECOND)

        nursery.start_soon(give_up)
        await wait_all_tasks_blocked()
        scope.cancel()
        assert cache.locks._release(lock)  # at once: it is given to a task that has not yet heard that it is cancelled
        await wait_all_tasks_blocked()

        assert scope.cancelled_caught
        await cache.locks.acquire("door", SECOND)


async def test_who_waits_is_told_that_the_cache_is_closed(mock_clock):
    async def wait(cache):
        with pytest.raises(UnavailableError, match="closed"):
            await cache.locks.acquire("door", SECOND, wait=60 * SECOND)

    async with trio.open_nursery() as nursery, open_cache() as cache:
        await cache.locks.acquire("door", 60 * SECOND)
        nursery.start_soon(wait, cache)
        nursery.start_soon(wait, cache)
        await wait_all_tasks_blocked()


async def test_locks_that_nobody_released_give_their_memory_back(mock_clock):
    async with open_cache() as cache:
        for number in range(100):
            await cache.locks.acquire(f"once {number}", SECOND)
        mock_clock.jump(2)
        for number in range(60):
            await cache.locks.release(await cache.locks.acquire(f"door {number}", 99 * SECOND))

        assert len(cache.locks._tokens) <= 1


@attrs.frozen
class Actor:
    """One who wants the lock: from when, for how long, how long it waits and holds, and when it is cancelled."""

    start: int
    ttl: int
    wait: int
    hold: int
    cancelled_after: int | None


@attrs.frozen
class Held:
    asked: float
    begun: float
    ended: float
    fence: int


TIME = st.integers(0, 12)
ACTOR = st.builds(Actor, TIME, st.integers(1, 12), TIME, TIME, st.none() | TIME)


@pytest.mark.slow
@given(st.lists(ACTOR, min_size=1, max_size=8))
def test_never_two_at_once_in_the_order_of_asking_and_nothing_is_left(actors):
    held = []
    refused = []

    async def act(cache, actor):
        # Halves and tenths keep what one does from falling on the instants of another.
        await trio.sleep(actor.start + actors.index(actor) * 0.01)
        asked = trio.current_time()
        with trio.move_on_after(float("inf") if actor.cancelled_after is None else actor.cancelled_after + 0.5):
            try:
                lock = await cache.locks.acquire("door", actor.ttl * SECOND, wait=actor.wait * SECOND)
            except ConflictError:
                refused.append(actor)
                assert trio.current_time() - asked == pytest.approx(actor.wait, abs=0.001)
                return
            begun = trio.current_time()
            ended = begun + actor.ttl
            try:
                await trio.sleep(actor.hold + 0.25)
            finally:
                with trio.CancelScope(shield=True):
                    if await cache.locks.release(lock):
                        ended = trio.current_time()
                held.append(Held(asked, begun, min(ended, begun + actor.ttl), lock.fence))

    async def run():
        async with open_cache() as cache:
            async with trio.open_nursery() as nursery:
                for actor in actors:
                    nursery.start_soon(act, cache, actor)
            await trio.sleep(13)
            assert not cache.locks._queues
            await cache.locks.acquire("door", SECOND)

    trio.run(run, clock=MockClock(autojump_threshold=0))

    held.sort(key=lambda one: one.fence)
    for one, other in pairwise(held):
        assert one.ended <= other.begun + 0.001
        assert one.asked <= other.asked
