"""What is true of every cache as a whole."""

import trio
from trio.testing import assert_checkpoints


async def test_open_cache_answers(cache):
    with assert_checkpoints():
        await cache.ping()


async def test_task_that_asks_all_the_time_lets_others_run(kv):
    turns = 0

    async def count():
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        while turns < 5:
            await kv.get_many("key")
        nursery.cancel_scope.cancel()


async def test_driver_is_named_alike_everywhere(cache):
    assert cache.driver == cache.statistics().driver != ""


async def test_statistics_count_what_was_done(cache, kv, pubsub):
    before = cache.statistics()
    await kv.set("key", "x")
    await pubsub.publish("news", "x")

    after = cache.statistics()
    assert after.commands >= before.commands + 2
    assert after.published == before.published + 1
    assert after.failures == before.failures == 0
    assert after.keys in {None, 1}


async def test_losses_of_slow_readers_are_counted_after_they_left(cache, pubsub):
    async with pubsub.subscribe("news") as slow, pubsub.subscribe("news") as quick:
        for number in range(103):
            await pubsub.publish("news", str(number))
            await anext(quick)
        while (await anext(slow)).payload != "102":
            pass

    assert cache.statistics().lost == 3
