"""The database is an ordinary file, its owner's alone."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from compozy.contracts.store import WorkflowFilter
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.sqlite import open_store
from compozy.drivers.sqlite.connection import connect_reader, connect_writer


@pytest.fixture
def open_umask():
    """Let every permission through for the test's time."""
    before = os.umask(0)
    yield
    os.umask(before)


async def test_all_files_are_for_the_owner_alone(path, open_umask, an_execution, upsert):
    async with open_store(path) as store:
        await store.transaction(upsert(an_execution()))

        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"compozy.db": 0o600, "compozy.db-wal": 0o600, "compozy.db-shm": 0o600}


async def test_an_existing_file_keeps_its_mode(path):
    path.touch()
    path.chmod(0o640)

    async with open_store(path):
        pass

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


async def test_closing_leaves_one_file_with_everything_in_it(path, an_execution, upsert, recorded_ids):
    states = [an_execution() for _ in range(20)]
    async with open_store(path) as store:
        await store.transaction(upsert(*states))

    assert [file.name for file in path.parent.iterdir()] == ["compozy.db"]
    with closing(sqlite3.connect(path)) as connection:
        assert recorded_ids(connection) == {state.exec_id for state in states}


async def test_closing_empties_the_wal_even_while_another_store_has_the_file(path, an_execution, upsert):
    wal = path.with_name("compozy.db-wal")
    async with open_store(path) as other:
        await other.ping()
        async with open_store(path) as store:
            await store.transaction(upsert(an_execution()))
            assert wal.stat().st_size > 0

        assert wal.stat().st_size == 0


def test_a_writers_connection_is_set_up_as_promised(path):
    with closing(connect_writer(path)) as connection:
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("busy_timeout", "journal_mode", "synchronous", "foreign_keys")
        }

    assert settings == {"busy_timeout": 5000, "journal_mode": "wal", "synchronous": 1, "foreign_keys": 1}


def test_a_readers_connection_cannot_write(path):
    with (
        closing(connect_writer(path)) as writer,
        closing(connect_reader(path)) as reader,
    ):
        writer.execute("CREATE TABLE t (a)")

        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("INSERT INTO t VALUES (1)")


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "#1.db", "ü.db", "%20.db", "a&mode=ro.db"])
async def test_any_file_name_is_taken_as_it_is(tmp_path, name):
    async with open_store(tmp_path / name) as store:
        await store.ping()

    assert [file.name for file in tmp_path.iterdir()] == [name]


async def test_a_relative_path_is_taken_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async with open_store(Path("here.db")) as store:
        await store.ping()

    assert (tmp_path / "here.db").exists()


async def test_a_missing_folder_is_named_with_the_way_out(tmp_path):
    path = tmp_path / "absent" / "compozy.db"

    with pytest.raises(
        UnavailableError, match=r"absent/compozy\.db cannot be created: No such file.*; create its folder"
    ):
        async with open_store(path):
            pass


async def test_a_folder_in_its_place_is_unavailable(tmp_path):
    with pytest.raises(UnavailableError, match="unable to open database file; check that its folder exists"):
        async with open_store(tmp_path):
            pass


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    content = b"these are notes, not a database " * 100
    path.write_bytes(content)

    with pytest.raises(InvalidError, match=r"compozy\.db is not an SQLite database: choose another path"):
        async with open_store(path):
            pass

    assert path.read_bytes() == content


async def test_an_empty_file_becomes_a_database(path):
    path.touch()

    async with open_store(path) as store:
        await store.ping()


async def test_a_file_that_vanished_is_not_replaced_by_an_empty_one(path):
    async with open_store(path) as store:
        for file in path.parent.iterdir():
            file.unlink()

        with pytest.raises(UnavailableError, match="unable to open database file"):
            await store.ping()
        assert not path.exists()


async def test_damaged_content_is_unavailable_and_says_to_restore_a_backup(path, an_execution, upsert):
    async with open_store(path) as store:
        await store.transaction(upsert(*(an_execution(input={"x": "x" * 2000}) for _ in range(100))))
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + b"\xff" * half)

    async with open_store(path) as store:
        for _ in range(2):
            with pytest.raises(UnavailableError, match="its content is damaged: restore a backup"):
                await store.read(lambda repositories: repositories.workflows.list(WorkflowFilter(), limit=1000))
        await store.ping()


def test_an_sqlite_that_is_too_old_is_named(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))

    with pytest.raises(UnavailableError, match=r"too old: use a Python with SQLite 3\.37 or newer"):
        connect_writer(path)


async def test_two_stores_on_one_file_see_each_others_transactions(path, an_execution, upsert):
    one_state, other_state = an_execution(), an_execution()
    async with open_store(path) as one, open_store(path) as other:
        await one.transaction(upsert(one_state))
        await other.transaction(upsert(other_state))

        assert await other.read(lambda repositories: repositories.workflows.get(one_state.exec_id)) == one_state
        assert await one.read(lambda repositories: repositories.workflows.get(other_state.exec_id)) == other_state


async def test_deleting_an_execution_deletes_its_tasks(path, an_execution, a_task_of):
    state = an_execution()

    async def work(repositories):
        await repositories.workflows.upsert(state)
        await repositories.tasks.upsert_many([a_task_of(state)])

    async with open_store(path) as store:
        await store.transaction(work)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM workflow_states")
        assert connection.execute("SELECT count(*) FROM task_states").fetchone() == (0,)
