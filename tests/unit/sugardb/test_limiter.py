"""The limiter in memory: exact in every window, and forgetful of who is idle."""

from datetime import timedelta

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from compozy.drivers.sugardb import SugarLimiter

SECOND = timedelta(seconds=1)


async def test_idle_keys_give_their_memory_back():
    now = 0.0
    limiter = SugarLimiter(clock=lambda: now)
    for number in range(1000):
        await limiter.hit(f"idle {number}", 3, SECOND)
    now = 2.0

    for _ in range(300):
        await limiter.hit("busy", 3, SECOND)

    assert len(limiter) == 1


async def test_time_is_trios_unless_another_is_given(mock_clock):
    limiter = SugarLimiter()
    await limiter.hit("key", 1, SECOND)
    mock_clock.jump(0.5)
    refused = await limiter.hit("key", 1, SECOND)
    mock_clock.jump(0.5)

    assert refused.retry_after == SECOND / 2
    assert (await limiter.hit("key", 1, SECOND)).allowed


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ab")), max_size=60), st.integers(1, 5))
def test_decisions_are_those_of_counting_every_hit(hits, limit):
    now = 0
    window = timedelta(microseconds=200)
    past = {"a": [], "b": []}

    async def run():
        nonlocal now
        limiter = SugarLimiter(clock=lambda: now / 1_000_000)
        for pause, key in hits:
            now += pause
            recent = [time for time in past[key] if time + 200 > now]
            decision = await limiter.hit(key, limit, window)
            assert decision.allowed == (len(recent) < limit)
            if decision.allowed:
                past[key].append(now)
                recent.append(now)
            assert decision.remaining == limit - len(recent)
            wait = 0 if len(recent) < limit else recent[0] + 200 - now
            assert decision.retry_after == timedelta(microseconds=wait)
            assert decision.reset_after == timedelta(microseconds=recent[-1] + 200 - now)

    trio.run(run)
