"""How long the server may take to answer: every command has its time, and all of them one timer."""

import asyncio

import pytest

from compozy.drivers.postgres.patience import Patience

LONG = 60.0
SHORT = 0.01


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts the timers that are made."""

    def __init__(self):
        super().__init__()
        self.timers = 0

    def call_at(self, *args, **kwargs):
        self.timers += 1
        return super().call_at(*args, **kwargs)


@pytest.fixture
def runner():
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        yield runner


async def answer(value):
    await asyncio.sleep(0)
    return value


async def say_nothing():
    await asyncio.Event().wait()


async def fail():
    raise KeyError("gone")


def test_answers_and_errors_arrive_and_share_a_timer(runner):
    patience = Patience(LONG)

    async def ask():
        with pytest.raises(KeyError, match="gone"):
            await patience.wait_for(fail)
        return await asyncio.gather(*[patience.wait_for(answer, number) for number in range(100)])

    assert runner.run(ask()) == list(range(100))
    assert runner.get_loop().timers == 1


def test_what_takes_too_long_is_cancelled_and_times_out_each_at_its_time(runner):
    patience = Patience(SHORT)
    ends = []

    async def ask(number):
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            await patience.wait_for(say_nothing)
        assert asyncio.get_running_loop().time() - began >= SHORT
        assert asyncio.current_task().cancelling() == 0
        ends.append(number)

    async def ask_one_after_the_other():
        first = asyncio.create_task(ask(1))
        await asyncio.sleep(SHORT / 2)
        await asyncio.gather(first, ask(2))
        await ask(3)
        return await patience.wait_for(answer, 4)

    assert runner.run(ask_one_after_the_other()) == 4
    assert ends == [1, 2, 3]


def test_who_is_cancelled_is_not_timed_out(runner):
    patience = Patience(LONG)

    async def cancel():
        task = asyncio.create_task(patience.wait_for(say_nothing))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert runner.run(cancel())


def test_who_is_cancelled_and_timed_out_at_once_is_cancelled(runner):
    patience = Patience(SHORT)

    async def take_long_to_end():
        try:
            await say_nothing()
        finally:
            asyncio.current_task().cancel()  # after the patience's own, before it is at an end

    async def cancel():
        task = asyncio.create_task(patience.wait_for(take_long_to_end))
        await asyncio.wait([task])
        return task.cancelled()

    assert runner.run(cancel())
