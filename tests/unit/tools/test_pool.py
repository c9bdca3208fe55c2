"""The pool of worker processes: who gets one, when one more is started, and what becomes of those that fail."""

from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import InvalidError
from compozy.drivers.tools.pool import PATIENCE_S, open_pool


class FakeWorker:
    def __init__(self):
        self.over = trio.Event()
        self.busy = False

    @property
    def is_usable(self):
        return not self.busy and not self.over.is_set()

    def kill(self):
        self.over.set()


class Workshop:
    """Opens workers, as many as were let through."""

    def __init__(self, *, failing=()):
        self.opened = []
        self.failing = list(failing)
        self.running = 0

    @asynccontextmanager
    async def open_worker(self):
        await trio.lowlevel.checkpoint()
        if self.failing:
            raise self.failing.pop(0)
        worker = FakeWorker()
        self.opened.append(worker)
        self.running += 1
        try:
            yield worker
        finally:
            self.running -= 1


@pytest.fixture
def workshop():
    return Workshop()


async def hold(pool, release, held, *, task_status=trio.TASK_STATUS_IGNORED):
    async with pool.worker() as worker:
        held.append(worker)
        task_status.started()
        await release.wait()


async def test_a_worker_is_started_when_it_is_needed_and_used_again(workshop):
    async with open_pool(workshop.open_worker, keep=2, most=4) as pool:
        assert pool.statistics().started == 0
        for _ in range(3):
            async with pool.worker():
                pass

        assert len(workshop.opened) == 1
        assert pool.statistics().idle == 1
    assert workshop.running == 0


async def test_one_more_than_are_kept_is_started_only_after_patience(workshop, autojump_clock):
    release, held = trio.Event(), []
    async with open_pool(workshop.open_worker, keep=1, most=2) as pool, trio.open_nursery() as nursery:
        await nursery.start(hold, pool, release, held)
        began = trio.current_time()
        await nursery.start(hold, pool, release, held)
        waited = trio.current_time() - began
        release.set()

        assert waited == pytest.approx(PATIENCE_S)
    assert len(workshop.opened) == 2


async def test_there_are_never_more_than_the_most_and_those_who_wait_are_served_in_order(workshop, autojump_clock):
    served = []
    gate = trio.Event()

    async def call(number):
        async with pool.worker():
            served.append(number)
            await gate.wait()

    async with open_pool(workshop.open_worker, keep=1, most=2) as pool, trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(call, number)
            await wait_all_tasks_blocked()
        await trio.sleep(10 * PATIENCE_S)
        assert pool.statistics().live == 2
        assert pool.statistics().waiting == 4
        gate.set()

    assert served == list(range(6))
    assert len(workshop.opened) == 2


async def test_what_is_not_kept_ends_with_its_call(workshop, autojump_clock):
    release, held = trio.Event(), []
    async with open_pool(workshop.open_worker, keep=1, most=3) as pool:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                await nursery.start(hold, pool, release, held)
            release.set()
        await wait_all_tasks_blocked()

        assert workshop.running == pool.statistics().live == 1


async def test_one_that_is_left_in_the_middle_of_a_call_is_killed_and_replaced(workshop):
    async with open_pool(workshop.open_worker, keep=1, most=1) as pool:
        async with pool.worker() as first:
            first.busy = True
        async with pool.worker() as second:
            pass

        assert first.over.is_set()
        assert second is not first


async def test_one_that_dies_while_idle_is_replaced(workshop):
    async with open_pool(workshop.open_worker, keep=1, most=1) as pool:
        async with pool.worker() as first:
            pass
        first.kill()
        async with pool.worker() as second:
            assert second is not first


async def test_why_none_can_be_started_is_told_and_the_next_call_tries_again():
    workshop = Workshop(failing=[InvalidError("line 3 is wrong"), OSError("no more processes")])
    async with open_pool(workshop.open_worker, keep=1, most=1) as pool:
        for expected in (InvalidError, OSError):
            with pytest.raises(expected):
                async with pool.worker():
                    pass

        async with pool.worker():
            assert len(workshop.opened) == 1


async def test_one_that_came_for_a_call_that_gave_up_is_kept_for_the_next(workshop):
    async with open_pool(workshop.open_worker, keep=1, most=1) as pool:
        with trio.CancelScope() as scope:
            scope.cancel()
            async with pool.worker():
                pass
        async with pool.worker():
            pass

        assert len(workshop.opened) <= 1


async def test_what_the_block_raises_leaves_as_it_is(workshop):
    with pytest.raises(LookupError):
        async with open_pool(workshop.open_worker, keep=1, most=1) as pool, pool.worker():
            raise LookupError
    assert workshop.running == 0
