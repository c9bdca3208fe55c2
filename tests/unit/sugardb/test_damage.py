"""Damaged files never give a wrong answer: the end is missing and it is said, or they are refused with a way out."""

import itertools
import logging
import shutil
from datetime import timedelta
from itertools import count, pairwise

import attrs
import pytest
import trio

from compozy.domain.errors import InvalidError
from compozy.drivers.sugardb.deadlines import SHARDS
from compozy.drivers.sugardb.effects import NEVER, Append, Put, PutFields, RemoveFields
from compozy.drivers.sugardb.encoding import Seal, encode
from compozy.drivers.sugardb.files import Folder
from compozy.drivers.sugardb.keyspace import Keyspace
from compozy.drivers.sugardb.log_file import LogFile
from compozy.drivers.sugardb.records import LOG as LOG_KIND
from compozy.drivers.sugardb.records import Header
from compozy.drivers.sugardb.recovery import Recovery

LOG = "sugardb-000001.log"


@pytest.fixture
def written(tmp_path, clocks, contents):
    """Write one key after the other; return the folder, and what the cache holds after each write."""

    async def write():
        folder, states = tmp_path / "whole", [{}]
        async with clocks.open(folder, fsync="always") as cache:
            for step in (
                lambda: cache.kv.set("a", "1"),
                lambda: cache.lists.push("b", "x", "y"),
                lambda: cache.hashes.set("c", {"f": "v"}),
                lambda: cache.lists.push("b", "z"),
                lambda: cache.kv.delete("a"),
                lambda: cache.kv.set("d", "2"),
            ):
                await step()
                states.append(await contents(cache))
        return folder, states

    return trio.run(write)


@pytest.fixture
def snapshotted(tmp_path, clocks, contents, said):
    """Return a folder with two generations, and what the cache holds."""

    async def write():
        folder = tmp_path / "whole"
        async with clocks.open(folder, fsync="always", rewrite_bytes=120) as cache:
            await cache.kv.set("text", "x", ttl=timedelta(minutes=1))
            await cache.hashes.set("hash", {"field": "x"})
            await cache.lists.push("list", "x", "y")
            await said.wait("cache's log rewritten")
            await cache.kv.set("after", "x")
            return folder, await contents(cache)

    return trio.run(write)


@attrs.frozen
class Read:
    """What a folder gave: what was held, and how many bytes were cut off."""

    held: dict
    torn: int


@pytest.fixture
def reopened(tmp_path, clocks):
    """Recover a copy of a folder, changed, and return what it gives."""
    numbers = count()

    def reopen(folder, change=lambda _: None):
        copy = tmp_path / f"copy {next(numbers)}"
        shutil.copytree(folder, copy)
        change(copy)
        keyspace = Keyspace(lambda: clocks.monotonic)
        recovered = Recovery(Folder(copy), keyspace.apply, clocks.wall - clocks.monotonic).run()
        recovered.file.close()
        shutil.rmtree(copy)
        return Read(_held(keyspace), recovered.torn_bytes)

    return reopen


def _held(keyspace):
    held = {}
    for name in itertools.chain.from_iterable(map(keyspace.names, range(SHARDS))):
        deadline = keyspace.deadline(name)
        held[name] = (keyspace.held(name), None if deadline == NEVER else deadline - keyspace.now())
    return held


def flipping(name, position):
    def flip(folder):
        path = folder / name
        data = bytearray(path.read_bytes())
        data[position] ^= 1 << position % 8
        path.write_bytes(data)

    return flip


def cutting(name, length):
    def cut(folder):
        path = folder / name
        path.write_bytes(path.read_bytes()[:length])

    return cut


@pytest.mark.slow
def test_log_cut_off_anywhere_gives_what_was_written_up_to_there_and_says_how_much_is_cut(written, reopened):
    folder, states = written
    size = (folder / LOG).stat().st_size
    reads = [reopened(folder, cutting(LOG, length)) for length in range(size + 1)]

    # Between whole records nothing tells that there was more; elsewhere what is left of one is cut off.
    assert [read.held for read in reads if not read.torn][2:] == states
    for before, read in pairwise(reads):
        assert read.torn == 0 or (read.torn == before.torn + 1 and read.held == before.held)


@pytest.mark.slow
def test_flipped_bit_anywhere_in_a_log_is_refused_or_costs_the_last_write_alone(written, reopened):
    folder, states = written
    size = (folder / LOG).stat().st_size
    refused = []
    for position in range(size):
        try:
            read = reopened(folder, flipping(LOG, position))
        except InvalidError as error:
            refused.append(str(error))
        else:
            assert read.held == states[-2]
            assert read.torn > 0

    assert all(LOG in message and "damaged at byte" in message for message in refused)
    assert size * 0.7 < len(refused) < size


async def test_opening_says_how_much_was_cut_off(written, clocks, contents, caplog):
    folder, states = written
    cutting(LOG, (folder / LOG).stat().st_size - 3)(folder)

    async with clocks.open(folder) as cache:
        assert await contents(cache) == states[-2]

    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "cut off" in warning.message
    assert warning.facts["bytes"] > 0


@pytest.mark.slow
def test_flipped_bit_anywhere_in_a_snapshot_is_refused_with_the_way_out(snapshotted, reopened):
    folder, state = snapshotted
    name = "sugardb-000002.snapshot"
    size = (folder / name).stat().st_size
    for position in range(size):
        with pytest.raises(InvalidError, match=rf"{name}.*damaged at byte \d+.*move it away"):
            reopened(folder, flipping(name, position))

    assert reopened(folder, lambda copy: (copy / name).unlink()).held == state


@pytest.mark.slow
def test_snapshot_cut_off_anywhere_is_refused(snapshotted, reopened):
    folder, _ = snapshotted
    name = "sugardb-000002.snapshot"
    for length in range((folder / name).stat().st_size):
        with pytest.raises(InvalidError, match=name):
            reopened(folder, cutting(name, length))


@pytest.mark.slow
def test_log_that_others_build_on_is_refused_when_it_is_damaged_or_cut_off_anywhere(snapshotted, reopened):
    folder, state = snapshotted

    def without_snapshot(change):
        def changed(copy):
            (copy / "sugardb-000002.snapshot").unlink()
            change(copy)

        return changed

    assert reopened(folder, without_snapshot(lambda _: None)).held == state
    size = (folder / LOG).stat().st_size
    for position in range(size):
        for change in (flipping, cutting):
            with pytest.raises(InvalidError, match=LOG):
                reopened(folder, without_snapshot(change(LOG, position)))


def test_damage_is_refused_without_changing_anything(written, clocks):
    folder, _ = written
    flipping(LOG, 80)(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    async def open_it():
        async with clocks.open(folder):
            pass

    with pytest.raises(InvalidError, match="truncate --size=") as caught:
        trio.run(open_it)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert caught.value.problems[0].file == str(folder / LOG)


def test_way_out_of_a_damaged_log_leads_to_what_was_before(written, reopened):
    folder, states = written
    size = (folder / LOG).stat().st_size
    with pytest.raises(InvalidError) as caught:
        reopened(folder, flipping(LOG, size // 2))
    length = int(caught.value.problems[0].hint.split("--size=")[1].split()[0])

    assert reopened(folder, cutting(LOG, length)).held in states[1:-1]


def test_missing_log_is_refused(snapshotted, reopened):
    folder, _ = snapshotted

    for name in ("sugardb-000002.log", "sugardb-000001.log"):

        def lose(copy, name=name):
            (copy / name).unlink()
            if name.endswith("1.log"):
                (copy / "sugardb-000002.snapshot").unlink()

        with pytest.raises(InvalidError, match=rf"{name}.*missing"):
            reopened(folder, lose)


def test_file_of_another_generation_is_refused(snapshotted, reopened):
    folder, _ = snapshotted

    with pytest.raises(InvalidError, match="damaged at byte 0"):
        reopened(folder, lambda copy: shutil.copy(copy / LOG, copy / "sugardb-000002.log"))


def test_text_that_looks_like_a_record_is_not_taken_for_one(tmp_path, clocks, contents):
    """A torn log must not be refused because somebody has stored bytes of another log in a value."""
    other, folder = tmp_path / "other", tmp_path / "folder"

    async def write(where, value):
        async with clocks.open(where) as cache:
            await cache.kv.set("key", value)

    async def read():
        async with clocks.open(folder) as cache:
            return await contents(cache)

    trio.run(write, other, "x")
    trio.run(write, folder, (other / LOG).read_bytes().decode("latin-1"))
    cutting(LOG, (folder / LOG).stat().st_size - 1)(folder)

    assert trio.run(read) == {}


def test_snapshot_that_was_not_completed_is_ignored_and_removed(written, reopened):
    folder, states = written

    def leave(copy):
        (copy / "sugardb-000002.unfinished").write_bytes(b"half")

    assert reopened(folder, leave).held == states[-1]


def test_generation_that_was_only_begun_is_ignored(written, reopened):
    folder, states = written
    header = (folder / LOG).read_bytes()[:21]

    for content in (b"", header[:7], header):
        read = reopened(folder, lambda copy, c=content: (copy / "sugardb-000002.log").write_bytes(c))
        assert read == Read(states[-1], 0)


def test_files_of_others_are_left_alone(written, reopened):
    folder, states = written

    def add(copy):
        (copy / "notes.txt").write_text("mine")
        (copy / "sugardb-old.log").write_text("mine")

    assert reopened(folder, add).held == states[-1]


@pytest.fixture
def forged(tmp_path, clocks):
    """Write a log with these entries, each in a record of its own, and recover it."""

    def forge(*entries):
        file = LogFile.create(tmp_path / LOG, Header(LOG_KIND, 1, 7))
        for entry in entries:
            file.append([encode(entry, 0.0)], sync=True)
        file.close()
        return Recovery(Folder(tmp_path), Keyspace(lambda: clocks.monotonic).apply, 0.0).run()

    return forge


@pytest.mark.parametrize(
    "entries",
    [
        (Append("nobody", ["x"]),),
        (Put("text", "x"), Append("text", ["x"])),
        (Put("text", "x"), PutFields("text", {"a": "x"})),
        (Put("hash", {"a": "x"}), RemoveFields("hash", ["b"])),
        (Put("text", "x"), Seal(1), Put("text", "y")),
        (Put("text", "x"), Seal(2)),
    ],
)
def test_whole_records_that_do_not_fit_together_are_refused(forged, entries):
    with pytest.raises(InvalidError, match=rf"{LOG}.*damaged at byte \d+"):
        forged(*entries)


def test_sealed_log_without_the_next_is_refused(forged):
    with pytest.raises(InvalidError, match=r"sugardb-000002\.log.*missing"):
        forged(Put("text", "x"), Seal(1))
