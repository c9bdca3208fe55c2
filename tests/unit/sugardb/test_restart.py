"""What is there again when a folder is opened anew, and what is not."""

import stat
from datetime import timedelta

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.drivers import sugardb

MINUTE = timedelta(minutes=1)


async def fill(cache):
    """Use every operation that changes something."""
    kv, lists, hashes, talks = cache.kv, cache.lists, cache.hashes, cache.conversations
    await kv.set("text", "día\n\0")
    await kv.set("gone", "x")
    await kv.delete("gone", "never")
    await kv.set("once", "1", only_if_absent=True)
    await kv.set("once", "2", only_if_absent=True)
    await kv.increment("count", 5)
    await kv.increment("count", -7)
    await kv.set("mortal", "x", ttl=MINUTE)
    await kv.increment("visits", ttl_if_new=2 * MINUTE)
    await lists.push("list", *"abcdef")
    await lists.push("list", "g")
    await lists.trim("list", 1, -2)
    await lists.push("emptied", "x")
    await lists.trim("emptied", 1, 0)
    await hashes.set("hash", {"a": "1", "": "2", "c": "3"})
    await hashes.set("hash", {"a": "4"})
    await hashes.increment("hash", "n", 9)
    await hashes.delete("hash", "c")
    await kv.expire("hash", 3 * MINUTE)
    await talks.append_trim("talk", "abc", token_delta=3, max_length=2, ttl=MINUTE)
    await talks.append_trim("talk", "d", token_delta=1, max_length=2)
    await talks.append_trim("talk2", "d", token_delta=1)
    await talks.clear("talk2")


EXPECTED = {
    "text": ("día\n\0", None),
    "once": ("1", None),
    "count": ("-2", None),
    "mortal": ("x", 60.0),
    "visits": ("1", 120.0),
    "list": (["b", "c", "d", "e", "f"], None),
    "hash": ({"a": "4", "": "2", "n": "9"}, 180.0),
    "talk": (["c", "d"], 60.0),
    "talk:metadata": ({"tokens": "4"}, 60.0),
}


@pytest.mark.parametrize("fsync", ["always", "everysec", "no"])
async def test_all_that_was_written_is_there_again(tmp_path, clocks, contents, fsync):
    async with clocks.open(tmp_path, fsync=fsync) as cache:
        await fill(cache)
        assert await contents(cache) == EXPECTED
    clocks.restart()

    async with clocks.open(tmp_path, fsync=fsync) as cache:
        assert await contents(cache) == EXPECTED


async def test_all_of_it_is_there_again_from_a_snapshot(tmp_path, clocks, contents, said):
    async with clocks.open(tmp_path, rewrite_bytes=1) as cache:
        await fill(cache)
        await said.wait("cache's log rewritten")
    (tmp_path / "sugardb-000001.log").unlink()  # the snapshot stands alone
    clocks.restart()

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == EXPECTED


async def test_time_to_live_goes_on_while_the_cache_is_closed(tmp_path, clocks, contents):
    async with clocks.open(tmp_path) as cache:
        await fill(cache)
    clocks.restart()
    clocks.advance(90)

    async with clocks.open(tmp_path) as cache:
        held = await contents(cache)
        assert cache.statistics().keys == len(held)
    assert set(EXPECTED) - set(held) == {"mortal", "talk", "talk:metadata"}
    assert (held["visits"], held["hash"][1]) == (("1", 30.0), 90.0)


async def test_key_that_expired_and_was_written_again_begins_anew(tmp_path, clocks, contents):
    async with clocks.open(tmp_path) as cache:
        await cache.lists.push("list", "old")
        await cache.hashes.set("hash", {"old": "x"})
        await cache.kv.increment("count", 7)
        for key in ("list", "hash", "count"):
            await cache.kv.expire(key, MINUTE)
        clocks.advance(61)
        await cache.lists.push("list", "new")
        await cache.hashes.set("hash", {"new": "x"})
        await cache.kv.increment("count")
        before = await contents(cache)

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before
    assert before == {"list": (["new"], None), "hash": ({"new": "x"}, None), "count": ("1", None)}


async def test_volatile_keys_are_not_kept(tmp_path, clocks, contents):
    async with clocks.open(tmp_path, volatile=("beat:", "rate:")) as cache:
        await cache.kv.set("beat:1", "x")
        await cache.lists.push("rate:1", "x")
        await cache.kv.set("kept", "x")
        await cache.kv.delete("beat:1", "kept")
        await cache.kv.set("kept", "y")

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == {"kept": ("y", None)}
    assert not any(b"beat:" in path.read_bytes() for path in tmp_path.glob("*.log"))


async def test_key_that_becomes_volatile_does_not_come_back_later_as_it_once_was(tmp_path, clocks, contents):
    async with clocks.open(tmp_path) as cache:
        await cache.kv.set("beat:1", "old")
    async with clocks.open(tmp_path, volatile=("beat:",)) as cache:
        assert await contents(cache) == {}
        await cache.kv.set("beat:1", "new")

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == {}


async def test_locks_are_not_kept_but_their_fence_goes_on_growing(tmp_path, clocks):
    fences = []
    for _ in range(3):
        async with clocks.open(tmp_path, fsync="no") as cache:
            fences.append((await cache.locks.acquire("door", MINUTE)).fence)

    assert fences == sorted(set(fences))


async def test_folder_is_open_once(tmp_path, clocks):
    async with clocks.open(tmp_path):
        with pytest.raises(ConflictError, match="in use"):
            async with clocks.open(tmp_path):
                pass

    async with clocks.open(tmp_path) as cache:
        await cache.ping()


async def test_folder_and_files_are_for_their_owner_alone(tmp_path, clocks):
    folder = tmp_path / "deep" / "cache"
    async with clocks.open(folder) as cache:
        await cache.kv.set("key", "x")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["file", "file/cache"])
async def test_folder_that_is_a_file_or_within_one_is_refused(tmp_path, clocks, name):
    (tmp_path / "file").write_text("kept")

    with pytest.raises(InvalidError, match=f"{name} cannot be made: a file is in its place; name another folder"):
        async with clocks.open(tmp_path / name):
            pass

    assert (tmp_path / "file").read_text() == "kept"


async def test_folder_that_cannot_be_made_is_unavailable(tmp_path, clocks):
    with pytest.raises(UnavailableError, match="cannot be used"):
        async with clocks.open(tmp_path / ("x" * 300)):
            pass


async def test_open_is_all_that_is_needed_to_use_it_alone(tmp_path):
    async with sugardb.open(str(tmp_path)) as db:
        await db.kv.set("greeting", "hello", ttl=MINUTE)

    async with sugardb.open(tmp_path) as db:
        assert await db.kv.get("greeting") == "hello"
        assert await db.kv.ttl("greeting") <= MINUTE


async def test_error_in_the_body_comes_out_as_it_is_and_writes_are_kept(tmp_path, clocks):
    async def work():
        async with clocks.open(tmp_path) as cache:
            await cache.kv.set("key", "x")
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await work()

    async with clocks.open(tmp_path) as cache:
        assert await cache.kv.get("key") == "x"


async def test_cancelled_body_keeps_its_writes(tmp_path, clocks):
    with trio.CancelScope() as scope:
        async with clocks.open(tmp_path) as cache:
            await cache.kv.set("key", "x")
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught

    async with clocks.open(tmp_path) as cache:
        assert await cache.kv.get("key") == "x"
