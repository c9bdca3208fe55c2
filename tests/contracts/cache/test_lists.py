"""Lists by key, as every driver keeps them."""

from datetime import timedelta

import pytest
import trio

from compozy.domain.errors import InvalidError

MINUTE = timedelta(minutes=1)
FIVE = ["a", "b", "c", "d", "e"]


@pytest.fixture
async def five(lists):
    await lists.push("five", *FIVE)
    return "five"


async def test_pushed_values_are_kept_in_order_and_counted(lists):
    assert await lists.push("key", "día\n\0", b"2") == 2
    assert await lists.push("key", "3", "3") == 4

    assert list(await lists.range("key")) == ["día\n\0", "2", "3", "3"]
    assert await lists.length("key") == 4


async def test_absent_list_is_empty(lists, scanned):
    assert list(await lists.range("nobody")) == []
    assert await lists.length("nobody") == 0
    await lists.trim("nobody", 0, 1)

    assert await scanned() == []


async def test_push_of_nothing_changes_nothing(lists, five, scanned):
    assert await lists.push(five) == 5
    assert await lists.push("nobody") == 0

    assert await scanned() == [five]


async def test_value_that_is_not_utf8_keeps_all_from_being_pushed(lists):
    with pytest.raises(InvalidError, match="UTF-8"):
        await lists.push("key", "fine", b"\xff")

    assert await lists.length("key") == 0


RANGES = [
    (0, -1, "abcde"),
    (0, 0, "a"),
    (1, 3, "bcd"),
    (-2, -1, "de"),
    (-100, 1, "ab"),
    (3, 100, "de"),
    (-3, 2, "c"),
    (2, 1, ""),
    (5, 9, ""),
    (0, -6, ""),
    (-1, -2, ""),
    (-9, -6, ""),
]


@pytest.mark.parametrize(("start", "stop", "expected"), RANGES)
async def test_range_includes_both_ends_as_in_redis(lists, five, start, stop, expected):
    assert list(await lists.range(five, start, stop)) == list(expected)


@pytest.mark.parametrize(("start", "stop", "expected"), RANGES)
async def test_trim_keeps_what_the_range_would_give(lists, five, scanned, start, stop, expected):
    await lists.trim(five, start, stop)

    assert list(await lists.range(five)) == list(expected)
    assert await scanned() == ([five] if expected else [])


async def test_push_and_trim_leave_the_ttl(lists, kv, five):
    await kv.expire(five, MINUTE)
    await lists.push(five, "f")
    await lists.trim(five, 1, -1)

    left = await kv.ttl(five)

    assert left is not None
    assert MINUTE - timedelta(seconds=30) < left <= MINUTE


async def test_expired_list_is_empty_and_begins_anew(lists, kv, five, advance):
    await kv.expire(five, MINUTE)
    await advance(MINUTE)

    assert await lists.length(five) == 0
    assert list(await lists.range(five)) == []
    assert await lists.push(five, "new") == 1
    assert await kv.ttl(five) is None


async def test_what_a_range_gave_is_not_changed_by_later_writes(lists, five):
    before = await lists.range(five)
    await lists.push(five, "f")
    await lists.trim(five, -1, -1)

    assert list(before) == FIVE


async def test_empty_key_is_refused_by_every_operation(lists):
    for call in (
        lambda: lists.push("", "x"),
        lambda: lists.range(""),
        lambda: lists.length(""),
        lambda: lists.trim("", 0, 1),
    ):
        with pytest.raises(InvalidError, match="empty"):
            await call()


async def test_concurrent_pushes_keep_their_values_together(lists):
    async def push(name):
        for _ in range(10):
            await lists.push("key", name, name, name)

    async with trio.open_nursery() as nursery:
        for name in "abcd":
            nursery.start_soon(push, name)

    values = list(await lists.range("key"))
    assert len(values) == 120
    assert all(len(set(values[start : start + 3])) == 1 for start in range(0, 120, 3))


async def test_operations_can_be_cancelled_though_they_need_not_wait(lists, cancelled):
    with cancelled():
        await lists.push("key", "1")
    with cancelled():
        await lists.range("key")
    with cancelled():
        await lists.trim("key", 0, 0)
    assert await lists.length("key") == 0
