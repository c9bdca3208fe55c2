"""When operations give way: not each of them, and yet nobody is kept waiting."""

import attrs
import pytest
import trio
from trio.testing import assert_checkpoints

from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb.turns import SLICE_S, Turns

OPERATION_S = SLICE_S / 10


@attrs.define
class Clock:
    """A clock that only work moves."""

    time: float = 0.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def turns(clock):
    return Turns(clock=clock)


async def test_operation_that_follows_another_does_not_give_way(turns, clock):
    with assert_checkpoints():
        await turns.take()
    clock.time += OPERATION_S

    before = trio.lowlevel.current_task()._schedule_points
    await turns.take()
    assert trio.lowlevel.current_task()._schedule_points == before


async def test_operation_gives_way_when_the_slice_is_over(turns, clock):
    await turns.take()
    clock.time += SLICE_S

    with assert_checkpoints():
        await turns.take()


async def test_every_operation_is_a_cancel_point(turns):
    await turns.take()

    with trio.CancelScope() as scope:
        scope.cancel()
        await turns.take()

    assert scope.cancelled_caught


@pytest.mark.parametrize("busy", [1, 20])
async def test_tasks_that_never_stop_hold_the_loop_for_a_slice_and_an_operation_each(turns, clock, busy):
    longest = 0.0

    async def work():
        while True:
            await turns.take()
            clock.time += OPERATION_S

    async with trio.open_nursery() as nursery:
        for _ in range(busy):
            nursery.start_soon(work)
        for _ in range(50):
            before = clock.time
            await trio.lowlevel.checkpoint()
            longest = max(longest, clock.time - before)
        nursery.cancel_scope.cancel()

    # Two rounds of the loop may be between its first and its second look at the clock, for tasks run in any order.
    assert SLICE_S < longest <= 2 * (SLICE_S + busy * OPERATION_S) * 1.001


async def test_each_of_many_busy_tasks_has_its_turn(turns, clock):
    done = dict.fromkeys(range(20), 0)

    async def work(number):
        while True:
            await turns.take()
            clock.time += OPERATION_S
            done[number] += 1

    async with trio.open_nursery() as nursery:
        for number in done:
            nursery.start_soon(work, number)
        for _ in range(20):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()

    assert min(done.values()) >= 10


async def test_one_who_is_cancelled_while_giving_way_leaves_the_slice_to_others(turns, clock):
    with trio.CancelScope() as scope:
        scope.cancel()
        await turns.take()
    with assert_checkpoints():
        await turns.take()
    clock.time += OPERATION_S

    await turns.take()

    assert scope.cancelled_caught
    assert turns.taken == 2


async def test_closing_refuses_operations_in_the_midst_of_a_slice_too(turns):
    await turns.take()

    turns.close()

    for _ in range(2):
        with pytest.raises(UnavailableError, match="closed"):
            await turns.take()
