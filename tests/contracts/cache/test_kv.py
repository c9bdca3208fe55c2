"""Values by key, as every driver keeps them."""

from datetime import timedelta

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError, NotFoundError

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LEAST, MOST = -(2**63), 2**63 - 1


async def test_text_comes_back_as_it_went_in(kv):
    assert await kv.set("key", "día\n\0")

    assert await kv.get("key") == "día\n\0"


async def test_bytes_come_back_as_text(kv):
    await kv.set("key", "día".encode())

    assert await kv.get("key") == "día"


async def test_absent_key_is_not_found_by_name(kv):
    with pytest.raises(NotFoundError, match="nobody"):
        await kv.get("nobody")
    with pytest.raises(NotFoundError, match="nobody"):
        await kv.ttl("nobody")


@pytest.mark.parametrize("value", [b"\xff", "\ud800"])
async def test_what_utf8_cannot_write_is_refused_and_changes_nothing(kv, value):
    await kv.set("key", "before")

    with pytest.raises(InvalidError, match="UTF-8"):
        await kv.set("key", value)

    assert await kv.get("key") == "before"


async def test_empty_key_is_refused_by_every_operation(kv):
    for call in (
        lambda: kv.get(""),
        lambda: kv.set("", "x"),
        lambda: kv.delete("fine", ""),
        lambda: kv.get_many("fine", ""),
        lambda: kv.expire("", SECOND),
        lambda: kv.ttl(""),
        lambda: kv.increment(""),
    ):
        with pytest.raises(InvalidError, match="empty"):
            await call()


@pytest.mark.parametrize("ttl", [timedelta(), -SECOND])
async def test_ttl_that_is_not_positive_is_refused_and_changes_nothing(kv, ttl):
    await kv.set("key", "1")

    with pytest.raises(InvalidError, match="time to live"):
        await kv.set("key", "2", ttl=ttl)
    with pytest.raises(InvalidError, match="time to live"):
        await kv.expire("key", ttl)
    with pytest.raises(InvalidError, match="time to live"):
        await kv.increment("new", ttl_if_new=ttl)

    assert await kv.get_many("key", "new") == ["1", None]
    assert await kv.ttl("key") is None


async def test_set_replaces_value_and_ttl(kv):
    await kv.set("key", "old", ttl=SECOND)
    await kv.set("key", "new")

    assert await kv.get("key") == "new"
    assert await kv.ttl("key") is None


async def test_only_if_absent_leaves_a_live_key_alone(kv):
    await kv.set("key", "first", ttl=MINUTE)

    assert not await kv.set("key", "second", only_if_absent=True)
    assert await kv.get("key") == "first"
    assert await kv.ttl("key") is not None


async def test_only_if_absent_takes_an_expired_key(kv, advance):
    await kv.set("key", "first", ttl=SECOND)
    await advance(2 * SECOND)

    assert await kv.set("key", "second", only_if_absent=True)
    assert await kv.get("key") == "second"


async def test_delete_counts_what_there_was(kv, advance):
    await kv.set("a", "1")
    await kv.set("b", "2")
    await kv.set("gone", "3", ttl=SECOND)
    await advance(2 * SECOND)

    assert await kv.delete("a", "b", "a", "gone", "never") == 2
    assert await kv.get_many("a", "b") == [None, None]


async def test_nothing_can_be_asked_for(kv):
    assert await kv.delete() == 0
    assert list(await kv.get_many()) == []


async def test_get_many_answers_in_the_order_of_the_keys(kv):
    await kv.set("a", "1")
    await kv.set("b", "2")

    assert list(await kv.get_many("b", "none", "a", "b")) == ["2", None, "1", "2"]


async def test_expired_key_is_gone_for_every_operation(kv, advance, scanned):
    await kv.set("key", "7", ttl=MINUTE)
    await advance(MINUTE)

    with pytest.raises(NotFoundError):
        await kv.get("key")
    with pytest.raises(NotFoundError):
        await kv.ttl("key")
    assert list(await kv.get_many("key")) == [None]
    assert not await kv.expire("key", MINUTE)
    assert await kv.delete("key") == 0
    assert await scanned() == []
    assert await kv.increment("key") == 1


async def test_ttl_runs_down(kv, advance):
    await kv.set("key", "x", ttl=MINUTE)
    await advance(20 * SECOND)

    left = await kv.ttl("key")

    assert 39 * SECOND < left <= 40 * SECOND
    assert await kv.get("key") == "x"


async def test_expire_gives_a_new_ttl_from_now(kv, advance):
    await kv.set("key", "x")
    assert await kv.expire("key", 10 * SECOND)
    await advance(9 * SECOND)
    assert await kv.expire("key", 10 * SECOND)
    await advance(9 * SECOND)

    assert await kv.get("key") == "x"
    await advance(2 * SECOND)
    assert list(await kv.get_many("key")) == [None]


async def test_expire_of_an_absent_key_says_so(kv):
    assert not await kv.expire("nobody", SECOND)
    assert list(await kv.get_many("nobody")) == [None]


async def test_increment_counts_from_zero_and_takes_negative_steps(kv):
    assert await kv.increment("n") == 1
    assert await kv.increment("n", 5) == 6
    assert await kv.increment("n", -7) == -1
    assert await kv.get("n") == "-1"


async def test_increment_gives_its_ttl_to_a_new_counter_only(kv, advance):
    await kv.increment("n", ttl_if_new=MINUTE)
    await advance(40 * SECOND)
    await kv.increment("n", ttl_if_new=MINUTE)

    assert await kv.ttl("n") <= 20 * SECOND
    await advance(21 * SECOND)
    assert await kv.increment("n", ttl_if_new=MINUTE) == 1


@pytest.mark.parametrize("value", ["", "ten", "1.5", " 1", "1 ", "+1", "01", "-0", "0x1", "1e3", "٣", str(MOST + 1)])
async def test_increment_refuses_what_is_not_an_integer_and_changes_nothing(kv, value):
    await kv.set("n", value, ttl=MINUTE)

    with pytest.raises(ConflictError):
        await kv.increment("n")

    assert await kv.get("n") == value
    assert await kv.ttl("n") is not None


@pytest.mark.parametrize(("start", "by"), [(MOST, 1), (LEAST, -1), (1, MOST)])
async def test_increment_refuses_to_leave_64_bits(kv, start, by):
    await kv.set("n", str(start))

    with pytest.raises(ConflictError):
        await kv.increment("n", by)

    assert await kv.get("n") == str(start)


async def test_increment_reaches_both_ends_of_64_bits(kv):
    assert await kv.increment("high", MOST) == MOST
    assert await kv.increment("low", LEAST) == LEAST


async def test_step_beyond_64_bits_is_refused(kv):
    with pytest.raises(InvalidError):
        await kv.increment("n", MOST + 1)


async def test_concurrent_increments_lose_nothing(kv):
    async def count():
        for _ in range(20):
            await kv.increment("n")

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(count)

    assert await kv.get("n") == "200"


async def test_one_of_many_takes_an_absent_key(kv):
    takers = []

    async def take(name):
        if await kv.set("lock", name, only_if_absent=True):
            takers.append(name)

    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(take, str(number))

    assert takers == [await kv.get("lock")]


async def test_operations_can_be_cancelled_though_they_need_not_wait(kv, cancelled):
    await kv.set("key", "1")

    with cancelled():
        await kv.get("key")
    with cancelled():
        await kv.set("key", "2")
    with cancelled():
        await kv.get_many("key")
    with cancelled():
        await kv.increment("key")
    with cancelled():
        await kv.delete("key")
    assert await kv.get("key") == "1"
