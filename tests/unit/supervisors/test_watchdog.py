"""The watch over the event loop. Time is real here, since a blocked loop is; nothing waits longer than it must.

Most tasks below block until the watchdog has reported them, so that it can only have done so meanwhile.
"""

import logging
import threading
import time
from contextlib import ExitStack, contextmanager
from types import FunctionType

import pytest
import trio
import trio.testing

from supervisors.runtime.blocked import Blocked
from supervisors.runtime.watchdog import Watchdog, watching

LIMIT = 0.03


class Reports:
    """Collects reports, and lets go whoever blocks until there is one."""

    def __init__(self) -> None:
        self.all: list[Blocked] = []
        self.arrived = threading.Event()
        self.ended = threading.Event()

    def __call__(self, blocked: Blocked) -> None:
        self.all.append(blocked)
        (self.ended if blocked.is_over else self.arrived).set()

    def block(self) -> None:
        """Block this thread until a report arrives; fail if none does."""
        assert self.arrived.wait(10), "nobody noticed"
        self.arrived.clear()

    def burn(self) -> None:
        """Do the same, and keep Python busy."""
        until = time.monotonic() + 10
        while not self.arrived.is_set():
            assert time.monotonic() < until, "nobody noticed"
        self.arrived.clear()


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def watch(reports):
    """Return a context manager: a watch whose reports go into `reports`, by default with nobody owning any task."""

    @contextmanager
    def start(owners=None, *, limit=LIMIT, on_blocked=reports):
        with watching(limit, owner_of=({} if owners is None else owners).get, on_blocked=on_blocked) as watchdog:
            yield watchdog

    return start


async def let_it_sleep(watchdog: Watchdog, limits: float = 0) -> int:
    """Keep the loop idle until the watchdog waits for the next step, and longer; return how often it woke up then."""

    def look_on() -> int:
        while not watchdog.pulse.is_awaited:
            pause(0.001)
        before = watchdog.statistics().wakeups
        pause(LIMIT * limits)
        return watchdog.statistics().wakeups - before

    with trio.fail_after(10):
        return await trio.to_thread.run_sync(look_on)


def pause(seconds: float) -> None:
    """Block this thread; a function, since that is the point where it is called from a task."""
    time.sleep(seconds)


async def test_actor_is_named_while_it_blocks(watch, reports, nursery):
    owners = {}

    async def hog():
        reports.block()

    async def actor(task_status=trio.TASK_STATUS_IGNORED):
        owners[trio.lowlevel.current_task()] = "importer"
        task_status.started()
        await trio.lowlevel.checkpoint()
        await hog()

    with watch(owners):
        await nursery.start(actor)
        await trio.testing.wait_all_tasks_blocked()
        first = reports.all[0]

    assert first.actor == "importer"
    assert first.task.endswith("actor")
    assert first.seconds >= LIMIT
    assert not first.is_over


async def test_stack_shows_the_line_that_blocks_and_starts_at_the_task(watch, reports):
    async def outer():
        reports.block()  # this very line

    with watch():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outer, name="outermost")

    stack = reports.all[0].stack
    assert "reports.block()  # this very line" in stack
    assert stack.splitlines()[0].endswith("in outer")
    assert reports.all[0].task == "outermost"


async def test_pure_python_that_never_rests_is_noticed(watch, reports):
    with watch():
        reports.burn()

    assert "reports.burn()" in reports.all[0].stack


@pytest.mark.slow
async def test_call_that_keeps_the_interpreter_to_itself_is_noticed_when_it_is_over(watch, reports):
    with watch():
        sum(range(10_000_000))
        await trio.lowlevel.checkpoint()

    assert "sum(range(10_000_000))" in reports.all[0].stack


async def test_task_is_known_by_the_actor_among_its_ancestors(watch, reports):
    async def child():
        reports.block()

    async def actor():
        owners[trio.lowlevel.current_task()] = "importer"
        async with trio.open_nursery() as inner, trio.open_nursery() as innermost:
            inner.start_soon(trio.sleep, 0)
            innermost.start_soon(child)

    owners = {}
    with watch(owners):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(actor)

    assert [blocked.actor for blocked in reports.all] == ["importer", "importer"]


async def test_task_of_nobody_is_reported_all_the_same(watch, reports):
    with watch():
        reports.block()

    assert reports.all[0].actor is None
    assert str(reports.all[0]).startswith(f"the event loop has been blocked for {reports.all[0].seconds:.3g} s: ")
    assert "no actor, task " in str(reports.all[0])


async def test_end_of_a_block_is_reported_with_its_whole_time(watch, reports):
    began = time.monotonic()
    with watch():
        blocked_at = time.monotonic()
        reports.block()
        pause(LIMIT)
        lasted = time.monotonic() - blocked_at
        await trio.lowlevel.checkpoint()

    first, last = reports.all
    assert last.is_over
    assert last.stack == first.stack
    assert lasted - LIMIT / 2 <= last.seconds <= time.monotonic() - began
    assert first.seconds + LIMIT <= last.seconds
    assert str(last).startswith(f"the event loop is back after {last.seconds:.3g} s: ")


async def test_end_of_a_block_is_reported_even_if_the_loop_idles_after_it(watch, reports):
    loop, is_done, told = trio.lowlevel.current_trio_token(), trio.Event(), []

    def look_on():
        told.append(reports.ended.wait(5))
        loop.run_sync_soon(is_done.set)

    onlooker = threading.Thread(target=look_on)
    with watch():
        onlooker.start()
        reports.block()
        await is_done.wait()  # no further step until the onlooker has seen the report, or not
    onlooker.join()

    assert told == [True]


async def test_block_is_reported_once_while_it_lasts(watch, reports):
    with watch() as watchdog:
        reports.block()
        pause(LIMIT * 3)

    assert [blocked.is_over for blocked in reports.all] == [False, True]
    assert watchdog.statistics().blocks == 1


async def test_each_block_is_reported(watch, reports):
    with watch():
        for _ in range(3):
            reports.block()
            await trio.lowlevel.checkpoint()

    assert [blocked.is_over for blocked in reports.all] == [False, True] * 3


async def test_steps_within_the_limit_are_not_reported_however_many(watch, reports):
    with watch(limit=0.2):
        until = time.monotonic() + 0.24
        while time.monotonic() < until:
            pause(0.001)
            await trio.lowlevel.checkpoint()

    assert reports.all == []


async def test_idle_loop_wakes_nobody_up(watch):
    with watch() as watchdog:
        wakeups = await let_it_sleep(watchdog, limits=6)

    assert wakeups == 0


async def test_block_right_after_an_idle_spell_is_noticed(watch, reports):
    with watch() as watchdog:
        for _ in range(3):
            await let_it_sleep(watchdog)
            reports.block()

    assert len(reports.all) == 6


async def test_busy_loop_costs_two_wakeups_per_limit_at_most(watch):
    with watch() as watchdog:
        began = time.monotonic()
        while time.monotonic() < began + LIMIT * 6:
            await trio.lowlevel.checkpoint()
        lasted = time.monotonic() - began
        wakeups = watchdog.statistics().wakeups

    assert 1 <= wakeups <= 2 * lasted / LIMIT + 2


async def test_callback_that_raises_is_logged_and_the_watch_goes_on(watch, reports, caplog):
    def angry(blocked):
        reports(blocked)
        raise ValueError("cannot deliver")

    with watch(on_blocked=angry):
        for _ in range(2):
            reports.block()
            await trio.lowlevel.checkpoint()

    assert len(reports.all) == 4
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 4
    assert "cannot deliver" in caplog.text


async def test_owner_that_cannot_be_found_out_is_logged_and_the_block_reported(reports, caplog):
    def broken(_):
        raise KeyError("no such task")

    with watching(LIMIT, owner_of=broken, on_blocked=reports):
        reports.block()

    assert reports.all[0].actor is None
    assert "no such task" in caplog.text


async def test_blocks_are_logged_as_warnings_by_default(caplog):
    caplog.set_level(logging.WARNING, "supervisors")
    logged = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda _: logged.set()
    logger = logging.getLogger("supervisors")
    logger.addHandler(handler)
    try:
        with watching(LIMIT, owner_of={trio.lowlevel.current_task(): "importer"}.get):
            assert logged.wait(10)
    finally:
        logger.removeHandler(handler)

    first, last, *_ = [record.getMessage() for record in caplog.records]  # a busy machine may add another
    assert "actor 'importer'" in first
    assert "logged.wait(10)" in first
    assert "is back" in last


async def test_nothing_is_left_when_the_watch_ends(watch):
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="leaves"), watch() as watchdog:  # noqa: PT012 - what is left is the point
        assert len(set(threading.enumerate()) - before) == 1
        raise ValueError("leaves")
    last = watchdog.pulse.step
    await trio.lowlevel.checkpoint()

    assert not set(threading.enumerate()) - before
    assert watchdog.pulse.step is last


def test_several_loops_are_watched_side_by_side_in_one_process():
    async def main(name, reports):
        with watching(LIMIT, owner_of={trio.lowlevel.current_task(): name}.get, on_blocked=reports):
            reports.block()

    both = {name: Reports() for name in ("one", "other")}
    threads = [threading.Thread(target=trio.run, args=(main, name, both[name])) for name in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {name: {blocked.actor for blocked in reports.all} for name, reports in both.items()} == {
        "one": {"one"},
        "other": {"other"},
    }


async def test_breakpoint_is_not_reported_but_a_block_after_it_is(watch, reports):
    def stop_at_breakpoint(stack):  # from before the watch begins, or the way here may be reported on a busy machine
        watchdog = stack.enter_context(watch())
        while watchdog.statistics().wakeups < 3 and not reports.all:
            pass
        return reports.all.copy()

    # What makes a frame a debugger's is the module that its function is of.
    prompt = FunctionType(
        stop_at_breakpoint.__code__, {"__name__": "bdb"}, "prompt", closure=stop_at_breakpoint.__closure__
    )
    with ExitStack() as stack:
        at_breakpoint = prompt(stack)
        reports.block()

    assert at_breakpoint == []
    assert "prompt" not in reports.all[0].stack


@pytest.mark.slow
async def test_callback_that_hangs_is_left_behind_and_said_so(watch, caplog):
    hanging, release = threading.Event(), threading.Event()

    def hang(_):
        hanging.set()
        release.wait()

    with watch(on_blocked=hang) as watchdog:
        assert hanging.wait(10)
    release.set()
    watchdog.stop()

    assert "does not return; its thread is left behind" in caplog.text


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
async def test_limit_that_cannot_be_watched_is_an_error(watch, limit):
    before = set(threading.enumerate())

    with pytest.raises(ValueError, match="cannot be watched"), watch(limit=limit):
        raise AssertionError("it was accepted")
    assert not set(threading.enumerate()) - before
