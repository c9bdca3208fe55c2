"""The limiter, as every driver counts."""

from datetime import timedelta

import pytest
import trio
from trio.testing import assert_checkpoints

from compozy.domain.errors import InvalidError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


async def test_as_many_as_the_limit_are_allowed(limiter):
    decisions = [await limiter.hit("key", 3, HOUR) for _ in range(5)]

    assert [decision.allowed for decision in decisions] == [True, True, True, False, False]
    assert [decision.remaining for decision in decisions] == [2, 1, 0, 0, 0]
    assert {decision.limit for decision in decisions} == {3}


async def test_who_is_refused_is_told_when_to_come_back(limiter, advance):
    await limiter.hit("key", 2, HOUR)
    await advance(MINUTE)
    second = await limiter.hit("key", 2, HOUR)
    await advance(MINUTE)
    refused = await limiter.hit("key", 2, HOUR)

    assert 57 * MINUTE < refused.retry_after <= 58 * MINUTE
    assert 58 * MINUTE < refused.reset_after <= 59 * MINUTE
    assert 58 * MINUTE < second.retry_after <= 59 * MINUTE  # it was the last one for now
    await advance(refused.retry_after)
    assert (await limiter.hit("key", 2, HOUR)).allowed


async def test_one_that_is_allowed_with_more_to_come_need_not_wait(limiter):
    decision = await limiter.hit("key", 2, HOUR)

    assert decision.retry_after == timedelta()
    assert HOUR - MINUTE < decision.reset_after <= HOUR


async def test_refused_ones_are_not_counted(limiter, advance):
    await limiter.hit("key", 1, HOUR)
    await advance(HOUR / 2)
    for _ in range(5):
        assert not (await limiter.hit("key", 1, HOUR)).allowed
    await advance(HOUR / 2)

    assert (await limiter.hit("key", 1, HOUR)).allowed


async def test_no_window_whatever_its_beginning_has_more_than_the_limit(limiter, advance):
    allowed_at = []
    for step in range(60):
        if (await limiter.hit("key", 5, 10 * MINUTE)).allowed:
            allowed_at.append(step)
        await advance(MINUTE)

    assert len(allowed_at) >= 25
    for first in allowed_at:
        assert sum(first <= other < first + 10 for other in allowed_at) <= 5


async def test_keys_are_counted_apart(limiter):
    await limiter.hit("one", 1, HOUR)

    assert (await limiter.hit("other", 1, HOUR)).allowed
    assert not (await limiter.hit("one", 1, HOUR)).allowed


async def test_of_many_at_once_as_many_as_the_limit_are_allowed(limiter):
    decisions = []

    async def hit():
        decisions.append(await limiter.hit("key", 7, HOUR))

    async with trio.open_nursery() as nursery:
        for _ in range(30):
            nursery.start_soon(hit)

    assert sum(decision.allowed for decision in decisions) == 7


async def test_arguments_that_make_no_sense_are_refused(limiter):
    with pytest.raises(InvalidError, match="empty"):
        await limiter.hit("", 1, HOUR)
    with pytest.raises(InvalidError, match="limit"):
        await limiter.hit("key", 0, HOUR)
    with pytest.raises(InvalidError, match="window"):
        await limiter.hit("key", 1, timedelta())


async def test_hit_is_a_checkpoint(limiter):
    with assert_checkpoints():
        await limiter.hit("key", 1, HOUR)
