"""Hashes by key, as every driver keeps them."""

from datetime import timedelta

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError

MINUTE = timedelta(minutes=1)
LEAST, MOST = -(2**63), 2**63 - 1


async def test_fields_come_back_as_they_went_in_and_new_ones_are_counted(hashes):
    assert await hashes.set("key", {"a": "día\n\0", "b": b"2"}) == 2
    assert await hashes.set("key", {"b": "3", "c": "", "": "x"}) == 2

    assert dict(await hashes.get_all("key")) == {"a": "día\n\0", "b": "3", "c": "", "": "x"}
    assert await hashes.get("key", "b") == "3"


async def test_absent_hash_is_empty(hashes, scanned):
    assert await hashes.get("nobody", "a") is None
    assert dict(await hashes.get_all("nobody")) == {}
    assert await hashes.delete("nobody", "a") == 0
    assert await hashes.set("nobody", {}) == 0

    assert await scanned() == []


async def test_absent_field_is_none(hashes):
    await hashes.set("key", {"a": "1"})

    assert await hashes.get("key", "b") is None


async def test_value_that_is_not_utf8_keeps_all_from_being_written(hashes):
    with pytest.raises(InvalidError, match="UTF-8"):
        await hashes.set("key", {"fine": "1", "bad": b"\xff"})

    assert dict(await hashes.get_all("key")) == {}


async def test_delete_counts_each_field_once_and_an_empty_hash_is_gone(hashes, scanned):
    await hashes.set("key", {"a": "1", "b": "2"})

    assert await hashes.delete("key") == 0
    assert await hashes.delete("key", "a", "a", "none") == 1
    assert await scanned() == ["key"]
    assert await hashes.delete("key", "b") == 1
    assert await scanned() == []


async def test_increment_counts_from_zero_in_fields_of_their_own(hashes):
    assert await hashes.increment("key", "a") == 1
    assert await hashes.increment("key", "a", 5) == 6
    assert await hashes.increment("key", "b", -2) == -2

    assert dict(await hashes.get_all("key")) == {"a": "6", "b": "-2"}


@pytest.mark.parametrize("value", ["", "ten", "1.5", " 1", "+1", "01", "-0", str(MOST + 1)])
async def test_increment_refuses_what_is_not_an_integer_and_changes_nothing(hashes, value):
    await hashes.set("key", {"n": value})

    with pytest.raises(ConflictError):
        await hashes.increment("key", "n")

    assert await hashes.get("key", "n") == value


@pytest.mark.parametrize(("start", "by"), [(MOST, 1), (LEAST, -1), (1, MOST)])
async def test_increment_refuses_to_leave_64_bits(hashes, start, by):
    await hashes.set("key", {"n": str(start)})

    with pytest.raises(ConflictError):
        await hashes.increment("key", "n", by)
    with pytest.raises(InvalidError):
        await hashes.increment("key", "n", MOST + 1)

    assert await hashes.get("key", "n") == str(start)


async def test_writes_leave_the_ttl(hashes, kv):
    await hashes.set("key", {"a": "1", "b": "2"})
    await kv.expire("key", MINUTE)
    await hashes.set("key", {"a": "2"})
    await hashes.increment("key", "a")
    await hashes.delete("key", "b")

    assert await kv.ttl("key") is not None


async def test_expired_hash_is_empty_and_begins_anew(hashes, kv, advance):
    await hashes.set("key", {"n": "41"})
    await kv.expire("key", MINUTE)
    await advance(MINUTE)

    assert dict(await hashes.get_all("key")) == {}
    assert await hashes.increment("key", "n") == 1
    assert await kv.ttl("key") is None


async def test_what_get_all_gave_is_not_changed_by_later_writes(hashes):
    await hashes.set("key", {"a": "1"})
    before = await hashes.get_all("key")
    await hashes.set("key", {"a": "2"})

    assert dict(before) == {"a": "1"}


async def test_empty_key_is_refused_by_every_operation(hashes):
    for call in (
        lambda: hashes.set("", {"a": "1"}),
        lambda: hashes.get("", "a"),
        lambda: hashes.get_all(""),
        lambda: hashes.increment("", "a"),
        lambda: hashes.delete("", "a"),
    ):
        with pytest.raises(InvalidError, match="empty"):
            await call()


async def test_concurrent_increments_lose_nothing(hashes):
    async def count():
        for _ in range(20):
            await hashes.increment("key", "n")

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(count)

    assert await hashes.get("key", "n") == "200"


async def test_operations_can_be_cancelled_though_they_need_not_wait(hashes, cancelled):
    with cancelled():
        await hashes.set("key", {"a": "1"})
    with cancelled():
        await hashes.get("key", "a")
    with cancelled():
        await hashes.delete("key", "a")
    assert await hashes.get_all("key") == {}
