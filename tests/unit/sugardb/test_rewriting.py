"""The log is rewritten when it has grown, while everything else goes on."""

from datetime import timedelta

import pytest
import trio

REWRITTEN = "cache's log rewritten"
NOT_REWRITTEN = "cache's log not rewritten"


def names(folder, pattern="sugardb-*"):
    return sorted(path.name for path in folder.glob(pattern))


@pytest.mark.slow
async def test_nothing_is_lost_while_logs_are_rewritten_under_load(tmp_path, clocks, contents, said):
    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=3000) as cache:
        done = False

        async def write(writer):
            number = 0
            while not done:
                number += 1
                await cache.kv.set(f"text {writer} {number % 50}", str(number), ttl=timedelta(minutes=1))
                await cache.lists.push(f"list {writer}", str(number))
                await cache.lists.trim(f"list {writer}", -20, -1)
                await cache.hashes.set(f"hash {writer}", {str(number % 7): str(number)})
                await cache.conversations.append_trim(f"talk {writer}", [str(number)], token_delta=1, max_length=9)
                await cache.kv.delete(f"text {writer} {(number + 25) % 50}")

        async with trio.open_nursery() as nursery:
            for writer in range(4):
                nursery.start_soon(write, writer)
            await said.wait(REWRITTEN, 5)
            done = True
        before = await contents(cache)

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before


async def test_one_generation_before_is_kept_and_what_is_older_is_deleted(tmp_path, clocks, said):
    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=200) as cache:
        for number in range(1, 4):
            while said.count(REWRITTEN) < number:
                await cache.kv.set("key", "x" * 30)
        last = 1 + said.count(REWRITTEN)

    assert names(tmp_path, "*.snapshot") == [f"sugardb-{generation:06}.snapshot" for generation in (last - 1, last)]
    assert names(tmp_path, "*.log")[0] == f"sugardb-{last - 1:06}.log"


async def test_generation_before_leads_to_the_same_state(tmp_path, clocks, contents, said):
    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=200) as cache:
        number = 0
        while said.count(REWRITTEN) < 3:
            number += 1
            await cache.lists.push("list", str(number))
        before = await contents(cache)
    (tmp_path / names(tmp_path, "*.snapshot")[-1]).unlink()

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before


async def test_log_goes_on_when_it_cannot_be_rewritten_and_is_rewritten_later(tmp_path, clocks, contents, said):
    blocker = tmp_path / "sugardb-000002.unfinished"
    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=300) as cache:
        blocker.mkdir()
        number = 0
        while said.count(REWRITTEN) < 1:
            number += 1
            await cache.lists.push("list", str(number))
        before = await contents(cache)
    blocker.rmdir()

    assert said.count(NOT_REWRITTEN) == 1
    assert names(tmp_path, "*.log")[-1] == "sugardb-000003.log"
    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before


async def test_snapshot_leaves_out_what_is_volatile_or_has_expired(tmp_path, clocks, contents, said):
    async with clocks.open(tmp_path, fsync="always", volatile=("beat:",), rewrite_bytes=400) as cache:
        await cache.kv.set("beat:1", "x")
        await cache.kv.set("short", "x", ttl=timedelta(seconds=1))
        clocks.advance(2)
        while said.count(REWRITTEN) < 1:
            await cache.kv.set("key", "x" * 30)

    snapshot = (tmp_path / "sugardb-000002.snapshot").read_bytes()
    assert b"key" in snapshot
    assert b"beat:1" not in snapshot
    assert b"short" not in snapshot


@pytest.mark.slow
async def test_closing_in_the_midst_of_it_loses_nothing(tmp_path, clocks, contents):
    for _ in range(5):
        async with clocks.open(tmp_path, fsync="always", rewrite_bytes=1) as cache:
            for number in range(10):
                await cache.kv.increment("count")
                await cache.kv.set(f"key {number}", "x")
            before = await contents(cache)

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before
        assert await cache.kv.get("count") == "50"
    assert names(tmp_path, "*.unfinished") == []


class Steps(trio.abc.Instrument):
    """Counts how often some task had its turn."""

    def __init__(self):
        self.count = 0

    def after_task_step(self, _task):
        self.count += 1


@pytest.mark.slow
def test_others_have_their_turn_while_a_large_keyspace_is_written_and_scanned(tmp_path, clocks, said):
    """Counted in turns, for time depends on the machine: many small ones instead of one that takes all."""
    keys = 20_000

    async def run():
        steps = Steps()
        async with clocks.open(tmp_path, rewrite_bytes=500_000) as cache:
            for number in range(keys):
                await cache.kv.set(f"key {number}", "x")
            trio.lowlevel.add_instrument(steps)
            await said.wait(REWRITTEN)
            written = steps.count
            assert [page async for page in cache.keys.scan("nobody*")] == []
        return written, steps.count - written

    written, scanned = trio.run(run)
    assert written >= keys / 100
    assert scanned >= keys / 1000


@pytest.mark.slow
async def test_snapshot_that_finds_no_room_is_given_up_and_the_log_goes_on(tmp_path, clocks, contents, said, full_disk):
    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=15_000) as cache:
        number = 0
        with full_disk(43_000):  # the second log gets as large as 30 000 bytes, and the snapshot with it 45 000
            while not said.count(NOT_REWRITTEN):
                number += 1
                await cache.kv.set(f"key {number}", "x" * 200)
            await cache.kv.set("after", "x")
        assert said.count(REWRITTEN) == 1
        before = await contents(cache)
    assert names(tmp_path, "*.snapshot") == ["sugardb-000002.snapshot"]
    assert names(tmp_path, "*.unfinished") == []

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before


async def test_log_that_finds_no_room_for_its_seal_goes_on(tmp_path, clocks, contents, said, full_disk):
    log = tmp_path / "sugardb-000001.log"

    async def write(cache):
        before = log.stat().st_size
        await cache.lists.push("list", "x" * 50)
        return log.stat().st_size - before

    async with clocks.open(tmp_path, fsync="always", rewrite_bytes=1000) as cache:
        await write(cache)
        growth = await write(cache)
        while log.stat().st_size + growth < 1000:
            await write(cache)
        with full_disk(log.stat().st_size + growth):
            await write(cache)
            await said.wait(NOT_REWRITTEN)
        await write(cache)
        before = await contents(cache)
    assert names(tmp_path) == ["sugardb-000001.log"]

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == before
