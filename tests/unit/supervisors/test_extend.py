"""More time, asked for by the actor itself: to get ready, and to stop."""

import math

import pytest
import trio

from supervisors import Cause, State, Tree, TreeFailed
from supervisors.core.happenings import Boot, Ended, Extended, RestartRequested, StopRequested, Tick

S = State


async def serve(ctx):
    ctx.started()
    await ctx.stopping.wait()


@pytest.fixture
def single(drive):
    """Return a factory of trees with one actor, ready or not."""

    def make(*, ready=True, shutdown=30, **options):
        tree = Tree("t", shutdown=shutdown)
        tree.add(serve, name="a", **options)
        driver = drive(tree)
        driver.feed(Boot)
        if ready:
            driver.started("a")
        return driver

    return make


def extend(driver, seconds, *, generation=None):
    generation = driver.world.cells["a"].generation if generation is None else generation
    return driver.feed(Extended, name="a", generation=generation, seconds=seconds)


def deadline(driver):
    return driver.world.cells["a"].deadline


# A start


def test_a_start_is_extended_by_what_is_asked_for_up_to_ten_times_its_timeout(single):
    driver = single(ready=False, start_timeout=6)

    extend(driver, 4)
    assert deadline(driver) == 10
    extend(driver, 45)
    extend(driver, 45)
    assert deadline(driver) == 60
    extend(driver, math.inf)
    assert deadline(driver) == 60


@pytest.mark.parametrize("seconds", [-1, -1e9, 0])
def test_nothing_is_ever_shortened(single, seconds):
    starting = single(ready=False)
    stopping = single()
    stopping.feed(StopRequested, why="test")

    extend(starting, seconds)
    extend(stopping, seconds)

    assert (deadline(starting), deadline(stopping)) == (30, 5)


def test_a_main_actor_that_asks_for_more_time_keeps_all_the_time_it_has(single):
    driver = single(ready=False, main=True)

    extend(driver, 60)

    assert deadline(driver) == math.inf


def test_an_older_generation_extends_nothing(single):
    driver = single()
    driver.feed(RestartRequested, name="a")
    driver.ended("a")
    assert driver.state("a") is S.STARTING

    extend(driver, 60, generation=1)

    assert deadline(driver) == 30


def test_an_actor_that_is_ready_has_nothing_to_extend(single):
    driver = single()

    assert extend(driver, 60) == []
    assert deadline(driver) == math.inf


# A stop


def test_a_stop_in_a_restart_is_extended_up_to_ten_times_the_grace(single):
    driver = single(grace=3)
    driver.now = 100
    driver.feed(RestartRequested, name="a")

    extend(driver, 4)
    assert deadline(driver) == 107
    extend(driver, 1000)
    assert deadline(driver) == 130


def test_the_short_grace_of_a_lost_dependency_is_extended_too(drive):
    tree = Tree("t")
    tree.add(serve, name="store")
    tree.add(serve, name="a", needs=("store",), grace=4)
    driver = drive(tree)
    driver.boot()
    driver.ended("store", OSError("x"))
    assert deadline(driver) == 2

    extend(driver, 10)
    assert deadline(driver) == 12
    extend(driver, 1000)
    assert deadline(driver) == 40


def test_a_stop_in_a_shutdown_is_extended_within_its_share_of_the_budget(single):
    driver = single(shutdown=10, grace=2)
    driver.feed(StopRequested, why="test")
    assert deadline(driver) == 2

    extend(driver, 3)
    assert deadline(driver) == 5
    extend(driver, 100)

    assert deadline(driver) == 10 - 2


def test_what_others_below_need_of_the_budget_is_not_to_be_had(drive):
    tree = Tree("t", shutdown=20)
    tree.add(serve, name="store", grace=6)
    tree.add(serve, name="a", needs=("store",), grace=2)
    driver = drive(tree)
    driver.boot()
    driver.feed(StopRequested, why="test")

    extend(driver, 100)

    assert deadline(driver) == 20 - (6 + 2) - 2


def test_a_shutdown_that_comes_into_a_stop_bounds_what_was_extended(single):
    driver = single(shutdown=10, grace=100)
    driver.feed(RestartRequested, name="a")
    extend(driver, 500)
    assert deadline(driver) == 600

    driver.feed(StopRequested, why="test")

    assert deadline(driver) == 8


def test_there_is_no_more_time_once_it_is_cancelled(single):
    driver = single()
    driver.feed(StopRequested, why="test")
    driver.now = 5
    driver.feed(Tick)
    assert driver.state("a") is S.CANCELLING

    extend(driver, 100)

    assert deadline(driver) == 7


def test_a_tick_that_was_due_before_the_extension_changes_nothing(single):
    driver = single()
    driver.feed(StopRequested, why="test")
    extend(driver, 3)

    driver.now = 5
    assert driver.feed(Tick, due=("a",)) == []
    driver.now = 8

    assert driver.feed(Tick, due=("a",)) == [("cancelling", "a", 1)]


def test_hurry_cuts_every_extension_short(single):
    driver = single()
    driver.feed(StopRequested, why="test")
    extend(driver, 10)

    assert driver.feed(StopRequested, why="test", hurried=True) == [("cancelling", "a", 1)]


def test_an_extension_that_comes_after_the_end_changes_nothing(single):
    driver = single()
    driver.feed(StopRequested, why="test")
    driver.feed(Ended, name="a", generation=1)

    assert extend(driver, 10) == []
    assert driver.world.is_over


# On a clock


async def test_an_actor_that_asks_for_time_to_start_gets_it(autojump_clock):
    tree = Tree("t")

    @tree.actor(start_timeout=5)
    async def slow(ctx):
        for _ in range(3):
            ctx.extend(5)
            await trio.sleep(6)
        ctx.started()
        await ctx.stopping.wait()

    async with tree.open():
        assert trio.current_time() == 18


async def test_an_actor_that_asks_for_too_much_time_to_start_fails(autojump_clock):
    tree = Tree("t")

    @tree.actor(start_timeout=5)
    async def slow(ctx):
        ctx.extend(1e6)
        await trio.sleep_forever()

    async def start():
        async with tree.open():
            pass

    with pytest.raises(TreeFailed):
        await start()
    assert trio.current_time() == 50


async def test_an_actor_that_asks_for_time_to_stop_gets_it(journal, autojump_clock):
    tree = Tree("t")
    finished = []

    @tree.actor(grace=1)
    async def careful(ctx):
        ctx.started()
        await ctx.stopping.wait()
        for _ in range(5):
            ctx.extend(2)
            await trio.sleep(2)
        finished.append(trio.current_time())

    async with tree.open(on_event=journal):
        pass

    assert finished == [10]
    assert not [event for event in journal.events if event.reason.cause is Cause.GRACE_OVER]
