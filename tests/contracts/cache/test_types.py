"""What asks one type of another is a conflict on every driver, and changes nothing."""

from datetime import timedelta

import pytest

from compozy.domain.errors import ConflictError

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def typed(kv, lists, hashes):
    """Put a text, a list and a hash, and return how to read each."""
    await kv.set("text", "1")
    await lists.push("list", "1")
    await hashes.set("hash", {"field": "1"})

    async def read():
        return await kv.get("text"), list(await lists.range("list")), dict(await hashes.get_all("hash"))

    return read


ASKS_FOR_TEXT = {
    "get": lambda cache, key: cache.kv.get(key),
    "increment": lambda cache, key: cache.kv.increment(key),
}
ASKS_FOR_LIST = {
    "push": lambda cache, key: cache.lists.push(key, "x"),
    "push nothing": lambda cache, key: cache.lists.push(key),
    "range": lambda cache, key: cache.lists.range(key),
    "length": lambda cache, key: cache.lists.length(key),
    "trim": lambda cache, key: cache.lists.trim(key, 1, 0),
}
ASKS_FOR_HASH = {
    "set": lambda cache, key: cache.hashes.set(key, {"a": "x"}),
    "get": lambda cache, key: cache.hashes.get(key, "a"),
    "get_all": lambda cache, key: cache.hashes.get_all(key),
    "increment": lambda cache, key: cache.hashes.increment(key, "a"),
    "delete": lambda cache, key: cache.hashes.delete(key, "a"),
}
ASKS_FOR_CONVERSATION = {
    "append_trim": lambda cache, key: cache.conversations.append_trim(key, ["x"], ttl=MINUTE),
    "append nothing": lambda cache, key: cache.conversations.append_trim(key, [], max_length=0),
    "read": lambda cache, key: cache.conversations.read(key),
    "clear": lambda cache, key: cache.conversations.clear(key),
}
WRONG = [
    pytest.param(ask, key, id=f"{name} of a {key}")
    for asks, keys in (
        (ASKS_FOR_TEXT, ("list", "hash")),
        (ASKS_FOR_LIST, ("text", "hash")),
        (ASKS_FOR_HASH, ("text", "list")),
        (ASKS_FOR_CONVERSATION, ("text", "hash")),
    )
    for name, ask in asks.items()
    for key in keys
]


@pytest.mark.parametrize(("ask", "key"), WRONG)
async def test_wrong_type_is_a_conflict_and_changes_nothing(cache, typed, scanned, ask, key):
    before = await typed()

    with pytest.raises(ConflictError):
        await ask(cache, key)

    assert await typed() == before
    assert await scanned() == ["hash", "list", "text"]
    assert await cache.kv.ttl(key) is None


async def test_get_many_passes_over_other_types(kv, typed):
    assert list(await kv.get_many("list", "text", "hash")) == [None, "1", None]


async def test_set_replaces_any_type_unless_only_absent_keys_are_wanted(kv, typed):
    assert not await kv.set("list", "x", only_if_absent=True)
    assert await kv.set("list", "x")
    assert await kv.set("hash", "y")

    assert list(await kv.get_many("list", "hash")) == ["x", "y"]


async def test_expiry_and_deleting_do_not_ask_for_the_type(kv, typed, advance, scanned):
    assert await kv.expire("list", MINUTE)
    assert await kv.ttl("list") is not None
    await advance(MINUTE)

    assert await scanned() == ["hash", "text"]
    assert await kv.delete("hash", "text") == 2


@pytest.mark.parametrize("held", ["text", "list"])
async def test_conversation_with_something_else_for_metadata_is_a_conflict(cache, scanned, held):
    if held == "text":
        await cache.kv.set("talk:metadata", "x")
    else:
        await cache.lists.push("talk:metadata", "x")

    with pytest.raises(ConflictError):
        await cache.conversations.append_trim("talk", ["a"])
    with pytest.raises(ConflictError):
        await cache.conversations.read("talk")

    assert await scanned() == ["talk:metadata"]
