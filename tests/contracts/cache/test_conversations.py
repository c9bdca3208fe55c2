"""Conversations, as every driver keeps them."""

from datetime import timedelta

import pytest
import trio

from compozy.contracts.cache import ConversationMetadata
from compozy.domain.errors import ConflictError, InvalidError

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MOST_TOKENS = 2**53 - 1


def metadata(length, tokens):
    return ConversationMetadata(length=length, tokens=tokens)


@pytest.fixture
def talk(conversations):
    """Read a conversation as messages, length and tokens."""

    async def read(key="talk"):
        messages, found = await conversations.read(key)
        assert found.length == len(messages)
        return list(messages), found.tokens

    return read


async def test_messages_are_appended_and_tokens_counted(conversations, talk):
    assert await conversations.append_trim("talk", ["día", b"b"], token_delta=5) == metadata(2, 5)
    assert await conversations.append_trim("talk", ["c"], token_delta=2) == metadata(3, 7)

    assert await talk() == (["día", "b", "c"], 7)


async def test_absent_conversation_reads_as_nothing(conversations, talk):
    assert await talk() == ([], 0)
    assert not await conversations.clear("talk")


async def test_oldest_messages_beyond_the_length_are_dropped(conversations, talk):
    await conversations.append_trim("talk", "abcd")

    assert await conversations.append_trim("talk", ["e"], max_length=3) == metadata(3, 0)
    assert await talk() == (["c", "d", "e"], 0)


async def test_more_messages_than_are_kept_replace_all(conversations, talk):
    await conversations.append_trim("talk", ["old"])

    assert await conversations.append_trim("talk", "abcd", max_length=2) == metadata(2, 0)
    assert await talk() == (["c", "d"], 0)


async def test_length_that_is_not_reached_drops_nothing(conversations, talk):
    assert await conversations.append_trim("talk", "ab", max_length=2) == metadata(2, 0)
    assert await conversations.append_trim("talk", "c", max_length=9) == metadata(3, 0)


async def test_length_zero_keeps_no_message_but_the_tokens(conversations, talk, scanned):
    assert await conversations.append_trim("talk", ["a"], token_delta=4, max_length=0) == metadata(0, 4)
    assert await conversations.append_trim("talk", [], token_delta=1) == metadata(0, 5)

    assert await talk() == ([], 5)
    assert await scanned() == ["talk:metadata"]
    assert await conversations.clear("talk")
    assert await talk() == ([], 0)


async def test_appending_nothing_begins_no_conversation(conversations, talk, scanned):
    assert await conversations.append_trim("talk", [], token_delta=9, ttl=MINUTE) == metadata(0, 0)

    assert await talk() == ([], 0)
    assert await scanned() == []


async def test_appending_nothing_trims_counts_and_renews(conversations, talk, kv):
    await conversations.append_trim("talk", "abc", token_delta=3)

    assert await conversations.append_trim("talk", [], token_delta=-1, max_length=2, ttl=MINUTE) == metadata(2, 2)

    assert await talk() == (["b", "c"], 2)
    for key in ("talk", "talk:metadata"):
        assert MINUTE - 30 * SECOND < await kv.ttl(key) <= MINUTE


async def test_tokens_stop_at_zero(conversations):
    await conversations.append_trim("talk", "a", token_delta=3)

    assert await conversations.append_trim("talk", [], token_delta=-5) == metadata(1, 0)
    assert await conversations.append_trim("talk", [], token_delta=2) == metadata(1, 2)


async def test_without_a_ttl_the_time_to_live_stays(conversations, kv, advance):
    await conversations.append_trim("talk", "a", ttl=MINUTE)
    await advance(20 * SECOND)
    await conversations.append_trim("talk", "b")

    for key in ("talk", "talk:metadata"):
        assert 30 * SECOND < await kv.ttl(key) <= 40 * SECOND


async def test_both_keys_expire_together(conversations, talk, advance, scanned):
    await conversations.append_trim("talk", "a", token_delta=1, ttl=MINUTE)
    await advance(40 * SECOND)
    await conversations.append_trim("talk", "b", token_delta=1, ttl=MINUTE)
    await advance(59 * SECOND)
    assert await talk() == (["a", "b"], 2)
    await advance(SECOND)

    assert await talk() == ([], 0)
    assert await scanned() == []


async def test_key_that_is_created_takes_over_the_others_ttl(conversations, kv, lists, advance):
    await conversations.append_trim("trimmed", "a", token_delta=1, ttl=MINUTE)
    await conversations.append_trim("trimmed", [], max_length=0)
    await conversations.append_trim("trimmed", "b")
    await lists.push("pushed", "a")
    await kv.expire("pushed", MINUTE)
    await conversations.append_trim("pushed", "b")

    for key in ("trimmed", "trimmed:metadata", "pushed", "pushed:metadata"):
        assert MINUTE - 30 * SECOND < await kv.ttl(key) <= MINUTE


async def test_conversation_of_more_messages_than_are_kept_keeps_its_ttl(conversations, kv):
    await conversations.append_trim("talk", "a", ttl=MINUTE)
    await conversations.append_trim("talk", "bcd", max_length=2)

    assert MINUTE - 30 * SECOND < await kv.ttl("talk") <= MINUTE


async def test_it_is_a_list_and_a_hash_to_others(conversations, lists, hashes):
    await conversations.append_trim("talk", "ab", token_delta=7)

    assert list(await lists.range("talk")) == ["a", "b"]
    assert (await hashes.get_all("talk:metadata"))["tokens"] == "7"


async def test_clear_forgets_all_of_it(conversations, talk, scanned):
    await conversations.append_trim("talk", "ab", token_delta=7)

    assert await conversations.clear("talk")
    assert await talk() == ([], 0)
    assert await scanned() == []


async def test_numbers_that_make_no_sense_are_refused_and_change_nothing(conversations, talk):
    await conversations.append_trim("talk", "a", token_delta=1)

    with pytest.raises(InvalidError, match="max_length=-1"):
        await conversations.append_trim("talk", "b", max_length=-1)
    with pytest.raises(InvalidError, match="time to live"):
        await conversations.append_trim("talk", "b", ttl=timedelta())
    for delta in (MOST_TOKENS + 1, -MOST_TOKENS - 1):
        with pytest.raises(InvalidError, match="53 bits"):
            await conversations.append_trim("talk", "b", token_delta=delta)
    with pytest.raises(InvalidError, match="UTF-8"):
        await conversations.append_trim("talk", ["b", b"\xff"])
    with pytest.raises(InvalidError, match="empty"):
        await conversations.append_trim("", "b")
    with pytest.raises(ConflictError):
        await conversations.append_trim("talk", "b", token_delta=MOST_TOKENS)

    assert await talk() == (["a"], 1)


async def test_tokens_that_are_no_integer_are_a_conflict_and_change_nothing(conversations, hashes, lists):
    await hashes.set("talk:metadata", {"tokens": "many"})

    with pytest.raises(ConflictError):
        await conversations.append_trim("talk", "a", token_delta=1)
    with pytest.raises(ConflictError):
        await conversations.read("talk")

    assert await lists.length("talk") == 0


async def test_concurrent_appends_lose_nothing_and_never_exceed_the_length(conversations, talk):
    seen = []

    async def append(name):
        for _ in range(10):
            await conversations.append_trim("talk", [name], token_delta=1, max_length=15)
            seen.append(await conversations.read("talk"))

    async with trio.open_nursery() as nursery:
        for name in "abcdef":
            nursery.start_soon(append, name)

    assert (await talk())[1] == 60
    assert len((await talk())[0]) == 15
    assert all(len(messages) == found.length == min(found.tokens, 15) for messages, found in seen)


async def test_tokens_that_somebody_else_wrote_are_read_even_beyond_53_bits(conversations, cache):
    await cache.hashes.set("talk:metadata", {"tokens": str(2**63 - 1)})

    assert (await conversations.read("talk"))[1].tokens == 2**63 - 1
    with pytest.raises(ConflictError, match="53 bits"):
        await conversations.append_trim("talk", ["x"])


async def test_operations_can_be_cancelled_though_they_need_not_wait(conversations, cancelled):
    with cancelled():
        await conversations.append_trim("talk", "a")
    with cancelled():
        await conversations.read("talk")
    with cancelled():
        await conversations.clear("talk")
    assert (await conversations.read("talk"))[0] == []
