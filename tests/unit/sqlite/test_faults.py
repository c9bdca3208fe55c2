"""When the file cannot be written the callers are told, what was acknowledged stays, and it goes on afterwards."""

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from subprocess import PIPE

import pytest
import trio

from compozy.contracts.store import Kind
from compozy.domain.errors import UnavailableError
from compozy.drivers.sqlite import migrate, open_store, schema_status

NOBODY = 65534


@pytest.fixture
def count():
    """Return a function that counts the executions of a store."""

    async def count(store):
        return await store.read(lambda repositories: repositories.archive.count(Kind.EXECUTIONS))

    return count


async def test_a_full_disk_fails_who_writes_and_loses_nothing_acknowledged(
    path, file_size_limit, an_execution, upsert, recorded_ids, count
):
    acknowledged, refused = [], []

    async def put(store):
        state = an_execution(input={"x": "x" * 3000})
        try:
            await store.transaction(upsert(state))
        except UnavailableError as error:
            refused.append(str(error))
        else:
            acknowledged.append(state.exec_id)

    async with open_store(path) as store:
        await put(store)
        file_size_limit(path.with_name("compozy.db-wal").stat().st_size + 50_000)
        async with trio.open_nursery() as nursery:
            for _ in range(40):
                nursery.start_soon(put, store)
        while not refused:
            await put(store)
        assert await count(store) == len(acknowledged)  # reads go on
        file_size_limit(None)
        await put(store)  # and so do writes, when there is room again

        assert len(acknowledged) + len(refused) > 40
        assert all("cannot be used now" in message for message in refused)
        assert await count(store) == len(acknowledged)

    with closing(sqlite3.connect(path)) as connection:
        assert recorded_ids(connection) == set(acknowledged)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_file_cannot_be_created_on_a_full_disk(path, file_size_limit):
    file_size_limit(1000)

    with pytest.raises(UnavailableError):
        async with open_store(path):
            pass

    file_size_limit(None)
    async with open_store(path) as store:
        await store.ping()


@pytest.fixture
def open_folder():
    """Return a folder that every user can reach; those of pytest are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o700)


@pytest.fixture
def mere_user():
    """For the time of the test be somebody whom permissions bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
async def read_only(open_folder, an_execution, upsert, request):
    """Return a file with one execution that may not be written, nor its folder."""
    path = open_folder / "compozy.db"
    async with open_store(path) as store:
        await store.transaction(upsert(an_execution(exec_id="kept")))
    path.chmod(0o444)
    open_folder.chmod(0o555)
    request.getfixturevalue("mere_user")
    return path


async def test_a_read_only_file_is_unavailable_says_the_way_out_and_stays_as_it_is(read_only):
    before = read_only.read_bytes()

    with pytest.raises(UnavailableError, match=r"check (the owner and the mode|that its folder)"):
        async with open_store(read_only):
            pass

    assert read_only.read_bytes() == before


@pytest.fixture
def read_only_folder(open_folder, request):
    open_folder.chmod(0o555)
    request.getfixturevalue("mere_user")
    return open_folder


async def test_a_read_only_folder_takes_no_new_file(read_only_folder):
    with pytest.raises(UnavailableError, match=r"cannot be created: Permission denied; check its folder"):
        async with open_store(read_only_folder / "new.db"):
            pass

    assert list(read_only_folder.iterdir()) == []


async def test_a_file_that_may_be_written_again_works(read_only, an_execution, upsert, count):
    with pytest.raises(UnavailableError):
        async with open_store(read_only):
            pass
    if os.getuid() == 0:
        os.seteuid(0)
    read_only.parent.chmod(0o755)
    read_only.chmod(0o600)

    async with open_store(read_only) as store:
        await store.transaction(upsert(an_execution()))
        assert await count(store) == 2


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
async def hold(path):
    """Return a function that has another process lock the file; what it returns lets go of it."""
    async with trio.open_nursery() as nursery:

        async def hold():
            command = [sys.executable, "-c", HOLDER, str(path)]
            process = await nursery.start(partial(trio.run_process, command, stdin=PIPE, stdout=PIPE))
            assert (await process.stdout.receive_some()).startswith(b"held")

            async def let_go():
                await process.stdin.aclose()
                await process.wait()

            return let_go

        yield hold
        nursery.cancel_scope.cancel()


async def test_a_lock_of_another_process_is_waited_for(path, hold, an_execution, upsert, count):
    async with open_store(path) as store:
        let_go = await hold()
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(store.transaction, upsert(an_execution()))
            assert await count(store) == 0  # reads do not wait
            await let_go()

        assert await count(store) == 5


@pytest.mark.slow
async def test_a_lock_that_another_process_keeps_is_given_up_in_time_and_all_goes_on(
    path, hold, an_execution, upsert, recorded_ids, count
):
    kept, refused, after = (an_execution() for _ in range(3))
    async with open_store(path) as store:
        await store.transaction(upsert(kept))
        let_go = await hold()
        with pytest.raises(UnavailableError, match="another process keeps it locked: end that process"):
            await store.transaction(upsert(refused))
        assert await count(store) == 1
        await let_go()
        await store.transaction(upsert(after))

    with closing(sqlite3.connect(path)) as connection:
        assert recorded_ids(connection) == {kept.exec_id, after.exec_id}


async def test_asking_how_a_schema_stands_neither_waits_for_a_lock_nor_changes_anything(path, hold):
    await migrate(path)
    let_go = await hold()

    status = await schema_status(path)

    await let_go()
    assert (status.version, status.pending) == (status.known, ())
