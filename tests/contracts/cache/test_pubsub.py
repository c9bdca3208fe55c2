"""Messages to whoever listens now, as every driver delivers them."""

from contextlib import AsyncExitStack

import pytest
import trio

from compozy.contracts.cache import Message
from compozy.domain.errors import InvalidError

BUFFER = 100


async def test_subscriber_gets_what_is_published_after_it_began(pubsub):
    await pubsub.publish("news", "too early")
    async with pubsub.subscribe("news") as messages:
        assert await pubsub.publish("news", "día".encode()) >= 1

        with trio.fail_after(5):
            assert await anext(messages) == Message(channel="news", payload="día")


async def test_message_is_never_taken_for_the_notice_of_a_gap(pubsub):
    async with pubsub.subscribe("news") as messages:
        await pubsub.publish("news", "")

        with trio.fail_after(5):
            assert not (await anext(messages)).is_gap


async def test_publishing_to_nobody_reaches_nobody(pubsub):
    async with pubsub.subscribe("news"):
        assert await pubsub.publish("other", "x") == 0
    assert await pubsub.publish("news", "x") == 0


async def test_messages_of_one_publisher_arrive_in_order(pubsub):
    async with pubsub.subscribe("a", "b") as messages:
        for number in range(20):
            await pubsub.publish("ab"[number % 2], str(number))

        with trio.fail_after(5):
            received = [(await anext(messages)).payload for _ in range(20)]

    assert received == list(map(str, range(20)))


async def test_waiting_subscriber_is_woken(pubsub):
    received = []

    async def listen(*, task_status):
        async with pubsub.subscribe("news") as messages:
            task_status.started()
            received.append(await anext(messages))

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            await nursery.start(listen)
            await pubsub.publish("news", "x")

    assert [message.payload for message in received] == ["x"]


async def test_every_subscriber_gets_every_message(pubsub):
    async with AsyncExitStack() as stack:
        subscribers = [await stack.enter_async_context(pubsub.subscribe("news")) for _ in range(3)]
        await pubsub.publish("news", "x")

        with trio.fail_after(5):
            assert [(await anext(messages)).payload for messages in subscribers] == ["x"] * 3


async def test_pattern_gets_matching_channels_and_tells_both(pubsub):
    async with pubsub.subscribe_patterns("run:*:[ab]") as messages:
        assert await pubsub.publish("run:1:c", "no") == 0
        await pubsub.publish("run:1:a", "yes")

        with trio.fail_after(5):
            assert await anext(messages) == Message(channel="run:1:a", payload="yes", pattern="run:*:[ab]")


async def test_message_comes_once_by_the_first_pattern_that_matches(pubsub):
    async with pubsub.subscribe_patterns("x", "a*", "*b", "a*") as messages:
        await pubsub.publish("ab", "1")
        await pubsub.publish("cb", "2")

        with trio.fail_after(5):
            received = [await anext(messages), await anext(messages)]

    assert [(message.payload, message.pattern) for message in received] == [("1", "a*"), ("2", "*b")]


async def test_channel_named_twice_is_one_subscription(pubsub):
    async with pubsub.subscribe("a", "a") as messages:
        await pubsub.publish("a", "1")
        await pubsub.publish("a", "2")

        with trio.fail_after(5):
            assert [(await anext(messages)).payload for _ in range(2)] == ["1", "2"]


async def test_slow_subscriber_loses_the_oldest_and_is_told_how_many(pubsub):
    async with pubsub.subscribe("news") as slow, pubsub.subscribe("news") as quick:
        with trio.fail_after(5):
            for number in range(BUFFER + 7):
                await pubsub.publish("news", str(number))
                assert (await anext(quick)).lost == 0
            # Drivers that hear from a server may still be delivering: the last message says that all of them are there.
            received = [await anext(slow)]
            while received[-1].payload != str(BUFFER + 6):
                received.append(await anext(slow))

    lost = sum(message.lost for message in received)
    assert received[0].lost >= 1
    assert lost + len(received) == BUFFER + 7
    assert [int(message.payload) for message in received] == sorted(int(message.payload) for message in received)


async def test_losses_are_told_once(pubsub):
    async with pubsub.subscribe("news") as messages, pubsub.subscribe("news") as quick:
        with trio.fail_after(5):
            for number in range(BUFFER + 1):
                await pubsub.publish("news", str(number))
                await anext(quick)  # it has arrived
            told = [(await anext(messages)).lost for _ in range(BUFFER)]

    assert sum(told) == 1


async def test_cancelled_reader_loses_nothing(pubsub):
    async with pubsub.subscribe("news") as messages:
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(messages)
        await pubsub.publish("news", "kept")
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(messages)

        with trio.fail_after(5):
            assert (await anext(messages)).payload == "kept"


async def test_left_subscription_ends(pubsub):
    async with pubsub.subscribe("news") as messages:
        pass

    with trio.fail_after(5), pytest.raises(StopAsyncIteration):
        await anext(messages)


async def test_subscribing_to_nothing_is_refused(pubsub):
    for subscribe in (pubsub.subscribe, pubsub.subscribe_patterns):
        with pytest.raises(InvalidError, match="at least one"):
            async with subscribe():
                pass
        with pytest.raises(InvalidError, match="empty"):
            async with subscribe("a", ""):
                pass
    with pytest.raises(InvalidError, match="empty"):
        await pubsub.publish("", "x")


async def test_payload_that_is_not_utf8_is_refused(pubsub):
    with pytest.raises(InvalidError, match="UTF-8"):
        await pubsub.publish("news", b"\xff")
