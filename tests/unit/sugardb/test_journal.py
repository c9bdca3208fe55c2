"""How writes reach the disk, and what becomes of them when they do not."""

import os
import threading
from contextlib import ExitStack, asynccontextmanager
from errno import EFBIG
from pathlib import Path

import attrs
import pytest
import trio
import trio.lowlevel
from trio.testing import wait_all_tasks_blocked

from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb.database import Database
from compozy.drivers.sugardb.effects import Put
from compozy.drivers.sugardb.files import Folder
from compozy.drivers.sugardb.journal import URGENT_BYTES, DiskJournal
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.log_file import LogFile
from compozy.drivers.sugardb.records import FRAME_BYTES, HEADER_BYTES, LOG, Header, framed
from compozy.drivers.sugardb.recovery import Recovery
from compozy.drivers.sugardb.turns import Turns

BIG = "x" * (URGENT_BYTES + 1)
FULL = "cache cannot be written"
MENDED = "cache can be written again"


@attrs.define
class SlowDisk:
    """A log on a disk that takes as long as the test wants."""

    file: LogFile
    go_on: threading.Event = attrs.field(factory=threading.Event)
    appended: list[int] = attrs.field(factory=list)
    has_written: trio.Event = attrs.field(factory=trio.Event)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def append(self, payloads, **how):
        assert self.go_on.wait(10)
        self.appended.append(len(payloads))
        self.file.append(payloads, **how)
        trio.from_thread.run_sync(self.has_written.set)


@attrs.frozen
class Opened:
    database: Database
    disk: SlowDisk

    async def put(self, key):
        await self.database.write(Put(key, "x"))


@pytest.fixture
def opening(tmp_path):
    """Open a database on a slow disk."""

    @asynccontextmanager
    async def open_it(fsync):
        disk = SlowDisk(LogFile.create(tmp_path / "sugardb-000001.log", Header(LOG, 1, 7)))
        journal = DiskJournal(disk, fsync=fsync, volatile=(), ahead=lambda: 0.0)
        database = Database(Keyspace(lambda: 0.0), Turns(), memory=None, journal=journal)
        journal.take_back = database.take_back
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(journal.run)
                yield Opened(database, disk)
                nursery.cancel_scope.cancel()
            await journal.close()

    return open_it


@pytest.fixture
def on_disk(tmp_path):
    """Return the keys that recovery finds."""

    def read():
        keyspace = Keyspace(lambda: 0.0)
        recovered = Recovery(Folder(tmp_path), keyspace.apply, 0.0).run()
        recovered.file.close()
        assert recovered.torn_bytes == 0
        return {key: keyspace.find(key) for key in "abcdefgh" if keyspace.find(key) is not None}

    return read


async def test_always_returns_when_the_write_is_on_disk(opening, on_disk):
    async with opening("always") as opened:
        opened.disk.go_on.set()
        await opened.put("a")

        assert on_disk() == {"a": "x"}


async def test_concurrent_writes_share_a_sync(opening):
    async with opening("always") as opened, trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(opened.put, f"key {number}")
        await wait_all_tasks_blocked()
        opened.disk.go_on.set()

    assert sum(opened.disk.appended) == 50
    assert len(opened.disk.appended) <= 3


async def test_everysec_returns_at_once_and_writes_within_a_second(opening, on_disk, mock_clock):
    async with opening("everysec") as opened:
        await opened.put("a")
        await opened.put("b")
        assert on_disk() == {}
        opened.disk.go_on.set()
        await wait_all_tasks_blocked()
        mock_clock.jump(1)
        await opened.disk.has_written.wait()

        assert opened.disk.appended == [2]
        assert on_disk() == {"a": "x", "b": "x"}


async def test_write_that_is_cancelled_while_it_waits_for_the_disk_is_carried_out(opening, on_disk):
    async with opening("always") as opened:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(opened.put, "a")
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert opened.database.find("a") == "x"
        opened.disk.go_on.set()

    assert on_disk() == {"a": "x"}


async def test_closing_writes_what_is_left(opening, on_disk):
    async with opening("no") as opened:
        await opened.put("a")
        opened.disk.go_on.set()

    assert on_disk() == {"a": "x"}


async def test_always_takes_back_what_cannot_be_written(tmp_path, clocks, contents, full_disk, said):
    async with clocks.open(tmp_path, fsync="always") as cache:
        await cache.kv.set("text", "old", ttl=None)
        await cache.lists.push("list", "a", "b")
        await cache.hashes.set("hash", {"field": "old"})
        await cache.conversations.append_trim("talk", ["a"], token_delta=1)
        before = await contents(cache)

        with full_disk((tmp_path / "sugardb-000001.log").stat().st_size + 20):
            for write in (
                lambda: cache.kv.set("text", "new"),
                lambda: cache.kv.set("fresh", "new", only_if_absent=True),
                lambda: cache.kv.delete("text", "list"),
                lambda: cache.lists.push("list", "c"),
                lambda: cache.lists.trim("list", 1, 1),
                lambda: cache.hashes.set("hash", {"field": "new", "more": "x"}),
                lambda: cache.conversations.append_trim("talk", ["b"], token_delta=1, max_length=1),
            ):
                with pytest.raises(UnavailableError, match=r"sugardb-000001\.log.*make room"):
                    await write()
                assert await contents(cache) == before
            assert cache.statistics().failures == 7
            assert await cache.kv.get("text") == "old"

        assert await cache.kv.set("fresh", "new", only_if_absent=True)
        after = await contents(cache)

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == after
    assert said.count("cache's log ended within a record, which was cut off") == 0
    assert (said.count(FULL), said.count(MENDED)) == (1, 1)


async def test_all_that_were_told_no_are_taken_back_and_no_others(tmp_path, clocks, contents, full_disk):
    """Writes build on each other while their group is written; whatever is refused must be gone, and nothing else."""
    done = []
    async with clocks.open(tmp_path, fsync="always") as cache:

        async def push(number):
            try:
                await cache.lists.push("list", f"{number}{'x' * 50}")
                done.append(number)
            except UnavailableError:
                pass

        with full_disk(3000):
            async with trio.open_nursery() as nursery:
                for number in range(40):
                    nursery.start_soon(push, number)
                    await trio.lowlevel.checkpoint()
        kept = [int(text.rstrip("x")) for text in await cache.lists.range("list")]
        assert sorted(kept) == sorted(done)

    async with clocks.open(tmp_path) as cache:
        assert [int(text.rstrip("x")) for text in await cache.lists.range("list")] == kept
    assert len(done) < 40


@pytest.mark.slow
async def test_everysec_keeps_what_it_acknowledged_and_refuses_more_until_there_is_room(
    tmp_path, clocks, contents, full_disk, said
):
    async with clocks.open(tmp_path) as cache:
        with full_disk(5000):
            await cache.kv.set("big", BIG)  # so much is written at once
            await said.wait(FULL)
            assert await cache.kv.get("big") == BIG
            before = await contents(cache)
            with pytest.raises(UnavailableError, match="make room"):
                await cache.kv.set("more", "x")
            with pytest.raises(UnavailableError, match="make room"):
                await cache.kv.delete("big")
            assert await contents(cache) == before
        await said.wait(MENDED)
        await cache.kv.set("more", "x")
        after = await contents(cache)
        assert cache.statistics().failures == 2

    async with clocks.open(tmp_path) as cache:
        assert await contents(cache) == after
    assert said.count(FULL) == 1


@pytest.mark.slow
async def test_volatile_keys_are_written_even_when_the_disk_is_full(tmp_path, clocks, full_disk, said):
    async with clocks.open(tmp_path, volatile=("beat:",)) as cache:
        with full_disk(5000):
            await cache.kv.set("big", BIG)
            await said.wait(FULL)

            assert await cache.kv.set("beat:1", "x")
        await said.wait(MENDED)


async def test_closing_says_what_cannot_be_written_any_more(tmp_path, clocks, full_disk):
    async def work():
        async with clocks.open(tmp_path) as cache:
            await cache.kv.set("key", "x" * 9000)
            stack.enter_context(full_disk(5000))

    with ExitStack() as stack, pytest.raises(UnavailableError, match=r"sugardb-000001\.log"):
        await work()

    async with clocks.open(tmp_path) as cache:
        assert await cache.kv.get_many("key") == [None]


def test_failed_append_leaves_the_file_as_it_was(tmp_path, full_disk):
    path = Path(tmp_path / "log")
    file = LogFile.create(path, Header(LOG, 1, 7))
    file.append([b"first"], sync=True)
    before = path.read_bytes()

    with full_disk(len(before) + 3), pytest.raises(OSError, match=os.strerror(EFBIG)):
        file.append([b"second"], sync=True)

    assert path.read_bytes() == before
    file.append([b"third"], sync=True)
    file.close()
    assert path.read_bytes() == before + framed(b"third", 7)


def test_what_is_written_together_shares_records_of_64_kb(tmp_path):
    file = LogFile.create(tmp_path / "log", Header(LOG, 1, 7))

    file.append([b"x" * 1024] * 160, sync=False)
    file.close()

    assert file.records == 3
    assert (tmp_path / "log").stat().st_size == HEADER_BYTES + 3 * FRAME_BYTES + 160 * 1024


@pytest.mark.slow
async def test_disk_that_is_far_behind_makes_writes_unavailable(opening):
    async with opening("everysec") as opened:
        for _ in range(64):
            await opened.database.write(Put("big", BIG))
        with pytest.raises(UnavailableError, match="cannot keep up"):
            await opened.database.write(Put("big", BIG))
        opened.disk.go_on.set()


async def test_folder_on_a_full_disk_cannot_be_opened_until_there_is_room(tmp_path, clocks, full_disk):
    async with clocks.open(tmp_path) as cache:
        await cache.kv.set("key", "x")

    async def open_it():
        async with clocks.open(tmp_path):
            pass

    with full_disk((tmp_path / "sugardb-000001.log").stat().st_size + 5), pytest.raises(UnavailableError):
        await open_it()

    async with clocks.open(tmp_path) as cache:
        assert await cache.kv.get("key") == "x"
