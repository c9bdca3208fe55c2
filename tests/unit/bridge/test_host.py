"""The asyncio loop on a thread: calls, cancellation, context and errors in both directions."""

import asyncio
import contextvars
import threading

import pytest
import trio
import trio.lowlevel
import trio.testing

from compozy.bridge import AsyncioHost, HostClosedError, open_asyncio_host
from compozy.bridge.loops import FASTEST, STANDARD

LOOPS = {"fastest": FASTEST, "standard": STANDARD}


@pytest.fixture(params=LOOPS)
async def host(request):
    before = set(threading.enumerate())
    async with open_asyncio_host("test-loop", make_loop=LOOPS[request.param]) as host:
        yield host
    # The thread is done with the loop; give it the instant it needs to leave its run method.
    for thread in threading.enumerate():
        if thread.name == "test-loop":
            thread.join(2)
    assert not set(threading.enumerate()) - before  # Trio's own may end meanwhile


async def test_a_call_runs_on_the_loops_thread_and_returns_its_value(host):
    async def where(number):
        await asyncio.sleep(0)
        return number + 1, threading.current_thread().name

    assert await host.call(where, 41) == (42, "test-loop")


async def test_a_calls_exception_arrives_as_it_was_raised(host):
    async def fail():
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await host.call(fail)


async def test_cancelling_a_call_cancels_the_asyncio_task_and_waits_for_its_cleanup(host):
    log = []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            log.append("cleaned up")

    with trio.move_on_after(0.02) as scope:
        await host.call(work)

    assert scope.cancelled_caught
    assert log == ["cleaned up"]


async def test_a_value_returned_in_spite_of_cancellation_is_not_lost(host):
    async def stubborn():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "kept"

    with trio.move_on_after(0.02) as scope:
        value = await host.call(stubborn)

    assert value == "kept"
    assert scope.cancel_called


async def test_a_call_that_is_cancelled_before_it_begins_never_runs(host):
    ran = []

    async def work():
        ran.append(1)

    with trio.CancelScope() as scope:
        scope.cancel()
        await host.call(work)

    assert not ran


async def test_calls_made_while_the_loop_is_busy_begin_in_order_each_in_its_own_context(host):
    variable = contextvars.ContextVar("variable")
    is_busy, may_go_on = threading.Event(), threading.Event()
    begun, answers = [], {}

    async def hold():
        is_busy.set()
        assert may_go_on.wait(2)

    async def work(number):
        begun.append(number)
        await asyncio.sleep(0)
        return variable.get()

    async def ask(number):
        variable.set(f"of {number}")
        answers[number] = await host.call(work, number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(host.call, hold)
        await trio.to_thread.run_sync(is_busy.wait)
        for number in range(4):
            nursery.start_soon(ask, number)
            await trio.testing.wait_all_tasks_blocked()
        may_go_on.set()

    assert begun == [0, 1, 2, 3]
    assert answers == {number: f"of {number}" for number in range(4)}


async def test_a_call_that_is_cancelled_on_its_way_ends_without_the_others(host):
    is_busy, may_go_on = threading.Event(), threading.Event()
    ended = []

    async def hold():
        is_busy.set()
        assert may_go_on.wait(2)

    async def work(number):
        await asyncio.sleep(0)
        ended.append(number)

    async with trio.open_nursery() as nursery, trio.open_nursery() as given_up:
        nursery.start_soon(host.call, hold)
        await trio.to_thread.run_sync(is_busy.wait)
        given_up.start_soon(host.call, work, 1)
        nursery.start_soon(host.call, work, 2)
        await trio.testing.wait_all_tasks_blocked()
        given_up.cancel_scope.cancel()
        may_go_on.set()

    assert ended == [2]


async def test_context_variables_cross_in_both_directions(host):
    variable = contextvars.ContextVar("variable")
    variable.set("from trio")

    async def read():
        return variable.get()

    async def there_and_back():
        variable.set("from asyncio")
        return await host.into_trio(read)

    assert await host.call(read) == "from trio"
    assert await host.call(there_and_back) == "from asyncio"
    assert variable.get() == "from trio"


async def test_asyncio_calls_into_trio_and_gets_the_value_or_the_exception(host):
    async def on_trio(value):
        await trio.lowlevel.checkpoint()
        if value is None:
            raise LookupError("nothing")
        return value, threading.current_thread() is threading.main_thread()

    assert await host.call(host.into_trio, on_trio, 7) == (7, True)
    with pytest.raises(LookupError, match="nothing"):
        await host.call(host.into_trio, on_trio, None)


async def test_cancelling_through_two_hops_reaches_the_innermost_trio_task(host):
    log = []

    async def inner():
        try:
            await trio.sleep_forever()
        finally:
            log.append("inner ended")

    with trio.move_on_after(0.02) as scope:
        await host.call(host.into_trio, inner)

    assert scope.cancelled_caught
    assert log == ["inner ended"]


async def test_an_exception_on_the_trio_side_does_not_harm_the_host(host):
    async def fail():
        raise ValueError

    async def swallow():
        with pytest.raises(ValueError):  # noqa: PT011 - any will do
            await host.into_trio(fail)
        return "alive"

    assert await host.call(swallow) == "alive"


async def test_closing_ends_calls_under_way_in_both_directions():
    ended = []

    async def inner():
        try:
            await trio.sleep_forever()
        finally:
            ended.append("inner")

    async def hang(host: AsyncioHost):
        with pytest.raises(HostClosedError):
            await host.call(host.into_trio, inner)
        ended.append("outer")

    async with trio.open_nursery() as nursery, open_asyncio_host() as host:
        nursery.start_soon(hang, host)
        await trio.testing.wait_all_tasks_blocked(0.02)

    assert ended == ["inner", "outer"]
    with pytest.raises(HostClosedError):
        await host.call(asyncio.sleep, 0)


async def test_a_host_whose_owner_is_cancelled_closes_cleanly():
    with trio.move_on_after(0.02) as scope:
        async with open_asyncio_host("cancelled-loop") as host:
            await host.call(asyncio.sleep, 60)

    assert scope.cancelled_caught


async def test_an_error_in_the_owner_leaves_the_host_unwrapped():
    with pytest.raises(LookupError, match="mine"):
        async with open_asyncio_host("failing-loop"):
            raise LookupError("mine")


async def test_many_calls_at_once_each_get_their_own_answer(host):
    answers = {}

    async def double(number):
        await asyncio.sleep(0)
        return await host.into_trio(identity, number * 2)

    async def identity(number):
        return number

    async def ask(number):
        answers[number] = await host.call(double, number)

    async with trio.open_nursery() as nursery:
        for number in range(200):
            nursery.start_soon(ask, number)

    assert answers == {number: number * 2 for number in range(200)}
