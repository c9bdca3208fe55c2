"""The limiter in Redis, and the clock of the server."""

import time
from datetime import timedelta

MINUTE = timedelta(minutes=1)


async def test_nobody_is_kept_out_for_as_long_as_the_clock_was_set_back(cache):
    in_an_hour = round((time.time() + 3600) * 1_000_000)
    await cache.lists.push("compozy:limit:key", str(in_an_hour), str(in_an_hour + 1))

    decisions = [await cache.limiter.hit("key", 2, MINUTE) for _ in range(3)]

    assert [decision.allowed for decision in decisions] == [True, True, False]
    assert timedelta() < decisions[2].retry_after <= MINUTE
    assert timedelta() < decisions[2].reset_after <= MINUTE
