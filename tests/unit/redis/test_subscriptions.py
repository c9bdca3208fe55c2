"""What a subscriber in Redis gets, and what it is told of what it did not get."""

import logging

import pytest
import trio
import trio.testing

from compozy.contracts.cache import Message
from compozy.drivers.redis.listening import GAP, PSUBSCRIBE, SUBSCRIBE, Heard
from compozy.drivers.redis.subscriptions import Subscription, Subscriptions


@pytest.fixture
def subscriptions():
    return Subscriptions()


@pytest.fixture
def opened(subscriptions):
    """Open a subscription that Redis has confirmed, by name or pattern."""

    def open_one(*names, verb=SUBSCRIBE):
        subscription = Subscription((verb, name) for name in names)
        subscriptions.add(subscription)
        subscription.begin()
        return subscription

    return open_one


async def test_gap_is_told_before_the_next_message(subscriptions, opened):
    subscription = opened(b"news")
    subscriptions.hear([Heard(b"news", b"1"), GAP, Heard(b"news", b"2")])

    received = [await anext(subscription) for _ in range(3)]
    assert [(message.payload, message.lost, message.is_gap) for message in received] == [
        ("1", 0, False),
        ("", 1, True),
        ("2", 0, False),
    ]
    assert subscriptions.lost == 1


async def test_gap_wakes_whoever_waits(subscriptions, opened):
    subscription = opened(b"news")
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            received = []

            async def read():
                received.append(await anext(subscription))

            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            subscriptions.hear([GAP])

    assert received[0].is_gap


async def test_gap_before_a_subscription_has_begun_is_none_of_its_business(subscriptions):
    subscription = Subscription([(SUBSCRIBE, b"news")])
    subscriptions.add(subscription)
    subscriptions.hear([GAP])
    subscription.begin()
    subscriptions.hear([Heard(b"news", b"1")])

    assert await anext(subscription) == Message(channel="news", payload="1")


async def test_gap_is_added_to_what_a_slow_reader_loses(subscriptions, opened):
    subscription = opened(b"news")
    subscriptions.hear([GAP, *(Heard(b"news", b"%d" % number) for number in range(103))])

    first = await anext(subscription)
    assert (first.payload, first.lost) == ("3", 4)
    assert subscriptions.lost == 4


async def test_message_that_is_not_utf8_counts_as_lost_and_is_logged(subscriptions, opened, caplog):
    subscription = opened(b"news")
    with caplog.at_level(logging.WARNING):
        subscriptions.hear([Heard(b"news", b"\xff"), Heard(b"news", b"fine")])

    message = await anext(subscription)
    assert (message.payload, message.lost) == ("fine", 1)
    assert 'a message on "news"' in caplog.text


async def test_of_several_patterns_the_first_that_was_given_brings_the_message(subscriptions, opened):
    subscription = opened(b"*b", b"a*", verb=PSUBSCRIBE)
    # As Redis sends them: once for each pattern, in an order of its own.
    subscriptions.hear([Heard(b"ab", b"1", b"a*"), Heard(b"ab", b"1", b"*b"), Heard(b"ac", b"2", b"a*")])

    received = [await anext(subscription), await anext(subscription)]
    assert [(message.payload, message.pattern) for message in received] == [("1", "*b"), ("2", "a*")]


async def test_names_that_others_still_listen_to_are_not_free(subscriptions, opened):
    one, other = opened(b"a", b"b"), opened(b"b", b"c")

    assert subscriptions.remove(one) == (b"a",)
    assert subscriptions.remove(other) == (b"b", b"c")


async def test_message_for_nobody_is_dropped(subscriptions, opened):
    subscriptions.remove(opened(b"news"))

    subscriptions.hear([Heard(b"news", b"late")])

    assert subscriptions.lost == 0


async def test_closing_ends_all_after_what_they_have(subscriptions, opened):
    subscription = opened(b"news")
    subscriptions.hear([Heard(b"news", b"1")])
    subscriptions.close()
    subscriptions.hear([Heard(b"news", b"2")])

    with trio.fail_after(5):
        assert [message.payload async for message in subscription] == ["1"]
