"""Questions from Trio, answers from an asyncio loop, many of them to a crossing."""

import threading

import pytest
import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

from compozy.bridge import HostClosedError, open_asyncio_host
from compozy.bridge.loops import FASTEST, STANDARD

LOOPS = {"fastest": FASTEST, "standard": STANDARD}


@pytest.fixture(params=LOOPS)
async def host(request):
    async with open_asyncio_host("test-loop", make_loop=LOOPS[request.param]) as host:
        yield host


@pytest.fixture
def held(host):
    """An exchange whose questions are kept, to be answered by hand; and the batches in which they came."""
    batches = []
    return host.open_exchange(batches.append), batches


async def on_loop(host, fn):
    async def call():
        return fn()

    return await host.call(call)


async def test_question_is_answered_on_the_loops_thread(host):
    def double(questions):
        for question in questions:
            question.answer((question.value * 2, threading.current_thread().name))

    exchange = host.open_exchange(double)

    with assert_checkpoints():
        assert await exchange.ask(21) == (42, "test-loop")


async def test_failure_is_raised_where_it_was_asked(host):
    exchange = host.open_exchange(lambda questions: [question.fail(KeyError("gone")) for question in questions])

    with pytest.raises(KeyError, match="gone"):
        await exchange.ask("x")


async def test_questions_asked_together_cross_together_and_in_order(host, held):
    exchange, batches = held
    async with trio.open_nursery() as nursery:
        # While the loop is busy, questions gather.
        busy, go_on = threading.Event(), threading.Event()

        def block():
            busy.set()
            go_on.wait(5)

        nursery.start_soon(on_loop, host, block)
        await trio.to_thread.run_sync(busy.wait, 5)
        asked = []

        async def ask(number):
            asked.append(number)
            await exchange.ask(number)

        for number in range(20):
            nursery.start_soon(ask, number)
        await wait_all_tasks_blocked(0.01)
        go_on.set()
        await on_loop(host, lambda: None)

        assert [[question.value for question in batch] for batch in batches] == [asked]
        nursery.cancel_scope.cancel()


async def test_who_is_cancelled_goes_on_at_once_and_the_answer_is_dropped(host, held):
    exchange, batches = held
    with trio.move_on_after(0.01) as scope:
        await exchange.ask("never answered in time")
    assert scope.cancelled_caught

    [question] = batches[0]
    assert question.is_abandoned
    await on_loop(host, lambda: question.answer("late"))
    await on_loop(host, lambda: None)  # the late answer has come before this


async def test_closing_fails_those_who_wait_and_those_who_ask_later(host, held):
    exchange, batches = held
    failures = []

    async def ask(value):
        try:
            await exchange.ask(value)
        except ValueError as error:
            failures.append((value, str(error)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "before")
        await wait_all_tasks_blocked(0.01)
        exchange.close(ValueError("closed"))
        nursery.start_soon(ask, "after")

    assert sorted(failures) == [("after", "closed"), ("before", "closed")]
    await on_loop(host, lambda: batches[0][0].answer("late"))


async def test_closed_host_refuses_questions():
    async with open_asyncio_host("test-loop") as host:
        exchange = host.open_exchange(lambda _: None)

    for _ in range(2):
        with trio.fail_after(5), pytest.raises(HostClosedError):
            await exchange.ask("x")


async def test_feed_brings_everything_in_order(host):
    received = []
    all_there = trio.Event()

    def receive(values):
        received.extend(values)
        if len(received) == 100:
            all_there.set()

    feed = host.open_feed(receive)
    await on_loop(host, lambda: [feed(number) for number in range(100)])
    with trio.fail_after(5):
        await all_there.wait()

    assert received == list(range(100))


@pytest.mark.slow
async def test_no_question_is_lost_however_many_are_asked_at_once(host):
    exchange = host.open_exchange(lambda questions: [question.answer(question.value + 1) for question in questions])

    async def ask():
        for number in range(50):
            assert await exchange.ask(number) == number + 1

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(40):
                nursery.start_soon(ask)
