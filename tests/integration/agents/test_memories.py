"""Memories over both caches: what conversations keep, whoever else writes and however often it is repeated."""

from datetime import timedelta

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.contracts.cache import Conversations
from compozy.domain.definitions import MemoryDefinition, MemoryOperation
from compozy.domain.errors import TaskError, UnavailableError
from compozy.domain.work import MemoryWork
from compozy.engine.memories import Memories
from compozy.engine.memory_tasks import perform_memory_work

CHAT = MemoryDefinition(id="chat")


@pytest.fixture
def do(memories):
    """Return a function that does what a memory task asks for; each call is another task run unless ``by`` says so."""
    runs = iter(range(1000))

    async def do(operation, key="ada", payload=None, *, memory=CHAT, by=None, **rest):
        work = MemoryWork(memory=memory, operation=MemoryOperation(operation), key=key, payload=payload, **rest)
        return await perform_memory_work(memories, work, by=by or f"run {next(runs)}")

    return do


@pytest.fixture
def contents(do):
    """Return a function that reads a conversation and returns what was said in it."""

    async def contents(key="ada", **rest):
        return [message["content"] for message in (await do("read", key, **rest))["messages"]]

    return contents


async def test_what_is_appended_is_read_in_order(do):
    appended = await do("append", payload="hello")
    await do("append", payload=[{"role": "assistant", "content": "hi"}, {"role": "user", "content": "bye", "at": 5}])

    assert appended == {"key": "ada", "success": True, "appended": 1, "total_count": 1}
    assert await do("read") == {
        "key": "ada",
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "bye", "at": 5},
        ],
        "count": 3,
        "total_count": 3,
        "has_more": False,
    }


async def test_a_conversation_that_nobody_began_is_empty(do):
    assert await do("read") == {"key": "ada", "messages": [], "count": 0, "total_count": 0, "has_more": False}
    assert (await do("delete"))["deleted"] == 0
    assert (await do("clear"))["messages_cleared"] == 0
    assert (await do("flush"))["message_count"] == 0


@pytest.mark.parametrize(
    ("page", "read", "has_more"),
    [
        ({"limit": 2}, ["3", "4"], True),
        ({"offset": 3}, ["3", "4"], False),
        ({"offset": 1, "limit": 4}, list("1234"), False),
    ],
)
async def test_reading_passes_over_the_oldest_and_shows_the_newest(do, page, read, has_more):
    await do("append", payload=["0", "1", "2", "3", "4"])

    answer = await do("read", **page)

    assert [message["content"] for message in answer["messages"]] == read
    assert (answer["count"], answer["total_count"], answer["has_more"]) == (len(read), 5, has_more)


async def test_writing_replaces_what_was_there(do, contents):
    await do("append", payload=["a", "b"])

    assert await do("write", payload="c") == {"key": "ada", "success": True, "count": 1, "total_count": 1}
    assert await contents() == ["c"]
    assert (await do("stats"))["token_count"] == 1


async def test_the_oldest_messages_go_when_there_are_too_many(do, contents):
    memory = attrs.evolve(CHAT, max_messages=3)
    for each in ("a", "b", "c", "d"):
        answer = await do("append", payload=each, memory=memory)

    assert answer["total_count"] == 3
    assert await contents() == ["b", "c", "d"]


async def test_the_oldest_messages_go_when_there_are_too_many_tokens(do, contents):
    memory = attrs.evolve(CHAT, max_tokens=5)
    for each in ("a" * 8, "b" * 8, "c" * 4, "d" * 4):  # 2, 2, 1 and 1 tokens
        await do("append", payload=each, memory=memory)

    assert await contents() == ["b" * 8, "c" * 4, "d" * 4]
    assert (await do("stats"))["token_count"] == 4


async def test_the_newest_message_stays_even_if_it_is_too_large(do, contents):
    memory = attrs.evolve(CHAT, max_tokens=2, max_messages=1)

    await do("append", payload=["small", "x" * 400], memory=memory)

    assert await contents() == ["x" * 400]


async def test_a_run_that_is_repeated_adds_nothing_twice(do, contents):
    await do("append", payload="before")
    first = await do("append", payload=["a", "b"], by="the run")
    await do("append", payload="after")

    again = await do("append", payload=["a", "b"], by="the run")

    assert (first["appended"], again["appended"]) == (2, 2)
    assert await contents() == ["before", "a", "b", "after"]


async def test_a_write_that_is_repeated_does_not_undo_what_came_after(do, contents):
    await do("write", payload="profile", by="the run")
    await do("append", payload="news")

    await do("write", payload="profile", by="the run")

    assert await contents() == ["profile", "news"]


async def test_nothing_is_lost_when_many_append_at_once(do, contents):
    memory = attrs.evolve(CHAT, max_tokens=10)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(lambda number=number: do("append", payload=f"{number:04}", memory=memory))

    stats = await do("stats")
    assert len(set(await contents())) == 10
    assert (stats["message_count"], stats["token_count"]) == (10, 10)


async def test_flushing_applies_limits_that_have_changed(do, contents):
    await do("append", payload=["a", "b", "c"])

    answer = await do("flush", memory=attrs.evolve(CHAT, max_messages=1))

    assert answer == {
        "key": "ada",
        "success": True,
        "summary_generated": False,
        "message_count": 1,
        "token_count": 1,
    }
    assert await contents() == ["c"]


async def test_a_conversation_lives_as_long_as_its_memory_says_after_the_last_message(do, cache):
    await do("append", payload="a", memory=attrs.evolve(CHAT, ttl=timedelta(hours=2)))

    left = await cache.kv.ttl("memory:shop:chat:ada:messages")

    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)


async def test_conversations_are_counted_and_cleared_by_the_beginning_of_their_keys(do, contents):
    for key in ("user:1:a", "user:1:b", "user:10:a", "user:[1]:a"):
        await do("append", key, ["x", "yyyyy"])

    stats = await do("stats", "user:1:", is_prefix=True)
    cleared = await do("clear", "user:1:", is_prefix=True)
    deleted = await do("delete", "user:[1]", is_prefix=True)

    assert stats == {
        "key": "user:1:*",
        "conversation_count": 2,
        "message_count": 4,
        "token_count": 6,
        "avg_tokens_per_message": 2,
    }
    assert cleared == {"key": "user:1:*", "success": True, "messages_cleared": 4, "backup_created": False}
    assert deleted == {"key": "user:[1]*", "success": True, "deleted": 1}
    assert (await do("stats", "", is_prefix=True))["conversation_count"] == 1
    assert await contents("user:10:a") == ["x", "yyyyy"]


async def test_a_star_that_somebody_else_has_sent_means_only_itself(do, contents):
    await do("append", "user:1", "mine")

    assert (await do("clear", "user:*"))["messages_cleared"] == 0
    assert await contents("user:1") == ["mine"]


async def test_conversations_of_other_memories_and_projects_are_others(cache, do, contents):
    other_project = Memories.of(cache, "shop:chat")
    await do("append", "b:ada", "mine")
    await do("append", "b:ada", "another", memory=MemoryDefinition(id="notes"))
    await other_project.remember(MemoryDefinition(id="b"), "ada", [{"role": "user", "content": "theirs"}], by="r")

    assert await contents("b:ada") == ["mine"]
    assert (await do("stats", "", is_prefix=True))["conversation_count"] == 1


async def test_no_key_meets_what_the_cache_keeps_beside_another(do, contents):
    await do("append", "ada", "a")
    await do("append", "ada:messages:metadata", "b")
    await do("append", "ada:messages", "c")

    assert [await contents(key) for key in ("ada", "ada:messages:metadata", "ada:messages")] == [["a"], ["b"], ["c"]]


async def test_health_tells_what_there_is(do):
    await do("append", payload="hello")

    assert await do("health") == {"key": "ada", "healthy": True, "message_count": 1, "token_count": 2}


async def test_health_says_so_when_the_cache_is_away(memories):
    class Away(Conversations):
        @override
        async def read(self, key):
            raise UnavailableError("the cache is away")

        append_trim = clear = read

    work = MemoryWork(memory=CHAT, operation=MemoryOperation.HEALTH, key="ada")

    health = await perform_memory_work(attrs.evolve(memories, conversations=Away()), work, by="r")

    assert health == {"key": "ada", "healthy": False, "reason": "the cache is away"}


async def test_what_somebody_else_has_written_is_told_and_can_be_deleted(do, cache, contents):
    await cache.lists.push("memory:shop:chat:ada:messages", '{"role": "user"}')

    for operation in ("read", "append"):
        with pytest.raises(TaskError, match="this program has not written") as caught:
            await do(operation, payload="x")
        assert caught.value.error_code == "MEMORY_DAMAGED"
    await do("delete")
    assert await contents() == []


async def test_a_key_of_another_type_is_refused_by_the_cache(do, cache):
    await cache.kv.set("memory:shop:chat:ada:messages", "text")

    with pytest.raises(TaskError) as caught:
        await do("append", payload="x")

    assert caught.value.error_code == "MEMORY_REFUSED"


@pytest.mark.parametrize("operation", ["read", "write", "append"])
async def test_one_conversation_is_read_and_written_at_a_time(do, operation):
    with pytest.raises(TaskError, match=rf"operation {operation} is for one conversation") as caught:
        await do(operation, "user:", "x", is_prefix=True)

    assert caught.value.error_code == "MEMORY_KEY_INVALID"


async def test_a_change_that_is_cancelled_leaves_the_conversation_free(memories, cache):
    entered = trio.Event()

    class Slow(Conversations):
        @override
        async def read(self, key):
            entered.set()
            await trio.sleep_forever()

        append_trim = clear = read

    slow = attrs.evolve(memories, conversations=Slow())
    message = {"role": "user", "content": "x"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: slow.remember(CHAT, "ada", [message], by="slow"))
        await entered.wait()
        nursery.cancel_scope.cancel()

    with trio.fail_after(5):
        assert (await memories.remember(CHAT, "ada", [message], by="next")).length == 1
