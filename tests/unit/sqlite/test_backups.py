"""Before a schema in use is changed, the file is copied."""

import logging
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from functools import partial
from subprocess import PIPE

import pytest
import trio

from compozy.domain.errors import UnavailableError
from compozy.drivers.sql.migrations import read_migrations, schema_folder
from compozy.drivers.sqlite import migrate, open_store, schema_status

MOMENT = "2026-11-23T12:00:00.000000Z"


@pytest.fixture
def first_only(tmp_path):
    """Return a folder with our first migration alone."""
    folder = tmp_path / "first"
    folder.mkdir()
    shutil.copy(schema_folder("sqlite") / "0001_states.sql", folder)
    return folder


@pytest.fixture
def broken(tmp_path):
    """Return a folder with our migrations and one more, which fails halfway."""
    folder = tmp_path / "broken"
    shutil.copytree(schema_folder("sqlite"), folder)
    number = len(read_migrations(folder)) + 1
    (folder / f"{number:04}_broken.sql").write_text("DROP TABLE task_states;\nCREATE TABLE users (again TEXT);\n")
    return folder


def insert(connection, name):
    row = (name, "w", "RUNNING", "{}", MOMENT, MOMENT)
    columns = "exec_id, workflow_id, status, input, created_at, updated_at"
    connection.execute(f"INSERT INTO workflow_states ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant


@pytest.fixture
async def in_use(path, first_only):
    """Return the path of a file of the first version that has records."""
    await migrate(path, migrations=first_only)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name in ("a", "b"):
            insert(connection, name)
    return path


def backups_of(path):
    return sorted(path.parent.glob(f"{path.name}.*.bak"))


def content_of(path):
    """Return version, names of tables, and ids of the executions."""
    with closing(sqlite3.connect(path)) as connection:
        [(version,)] = connection.execute("SELECT max(version) FROM schema_migrations")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        ids = [name for (name,) in connection.execute("SELECT exec_id FROM workflow_states ORDER BY exec_id")]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return version, tables - {"schema_migrations"}, ids


FIRST = (1, {"workflow_states", "task_states"}, ["a", "b"])
NEWEST = len(read_migrations(schema_folder("sqlite")))
LATEST = (NEWEST, {"workflow_states", "task_states", "users", "api_keys", "payloads"}, ["a", "b"])


async def test_a_new_file_is_not_copied(path):
    applied = await migrate(path)

    assert applied.backup is None
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_file_that_needs_nothing_is_not_copied(path):
    await migrate(path)

    applied = await migrate(path)

    assert (applied.count, applied.backup) == (0, None)
    assert backups_of(path) == []


async def test_a_file_in_use_is_copied_as_it_was_for_its_owner_alone(in_use):
    applied = await migrate(in_use)

    [backup] = backups_of(in_use)
    assert applied.backup == str(backup)
    assert backup.name.startswith("compozy.db.v1-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert content_of(backup) == FIRST
    assert content_of(in_use) == LATEST


async def test_the_copy_is_one_file_with_everything_in_it(in_use):
    await migrate(in_use)

    assert sorted(file.name for file in in_use.parent.glob("compozy.db*")) == ["compozy.db", backups_of(in_use)[0].name]


async def test_what_is_only_in_the_log_is_copied_too(in_use):
    with closing(sqlite3.connect(in_use, isolation_level=None)) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        insert(other, "c")
        assert in_use.with_name("compozy.db-wal").stat().st_size > 0

        await migrate(in_use)

    [backup] = backups_of(in_use)
    assert content_of(backup) == (*FIRST[:2], ["a", "b", "c"])


async def test_opening_copies_and_says_where(in_use, caplog):
    caplog.set_level(logging.INFO, "compozy")

    async with open_store(in_use):
        pass

    [backup] = backups_of(in_use)
    assert caplog.records[-1].facts == {
        "store_driver": "sqlite",
        "version": NEWEST,
        "applied": NEWEST - 1,
        "from": 1,
        "to": NEWEST,
        "backup": str(backup),
    }


async def test_a_migration_that_fails_leaves_the_copy_and_the_file_as_the_last_sound_one_left_it(in_use, broken):
    with pytest.raises(sqlite3.OperationalError, match="table users already exists"):
        await migrate(in_use, migrations=broken)

    [backup] = backups_of(in_use)
    assert content_of(backup) == FIRST
    assert content_of(in_use) == LATEST
    assert (await schema_status(in_use)).pending == ()
    async with open_store(in_use) as store:
        assert (await store.read(lambda repositories: repositories.workflows.get("b"))).exec_id == "b"


async def test_a_file_is_not_changed_when_there_is_no_room_for_its_copy(in_use, file_size_limit):
    file_size_limit(in_use.stat().st_size // 2)

    with pytest.raises(UnavailableError):
        await migrate(in_use)

    file_size_limit(None)
    assert backups_of(in_use) == []  # half a copy would pass for one
    assert content_of(in_use) == FIRST


async def test_a_backup_is_a_database_like_any_other(in_use):
    await migrate(in_use)
    [backup] = backups_of(in_use)

    async with open_store(backup) as store:
        assert (await store.read(lambda repositories: repositories.workflows.get("a"))).exec_id == "a"

    assert content_of(backup) == LATEST


async def test_stores_that_migrate_at_once_share_the_work_and_whoever_does_some_makes_a_copy_first(in_use):
    applied = []

    async def migrate_it():
        applied.append(await migrate(in_use))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(migrate_it)

    # Each migration is a transaction of its own, so another may come in between two of them.
    assert sum(each.count for each in applied) == NEWEST - 1
    copies = backups_of(in_use)
    assert sorted(each.backup for each in applied if each.count) == list(map(str, copies))
    assert content_of(copies[0]) == FIRST
    assert content_of(in_use) == LATEST


MIGRATE = """
import sys, trio
from functools import partial
from pathlib import Path
from compozy.drivers.sqlite import migrate
print("ready", flush=True)
sys.stdin.readline()
print(trio.run(migrate, Path(sys.argv[1])).count)
"""


@pytest.mark.slow
async def test_processes_that_migrate_at_once_share_the_work(in_use):
    command = [sys.executable, "-c", MIGRATE, str(in_use)]
    async with trio.open_nursery() as nursery:
        go, answers = trio.Event(), []

        async def run():
            process = await nursery.start(partial(trio.run_process, command, stdin=PIPE, stdout=PIPE))
            assert (await process.stdout.receive_some()).startswith(b"ready")
            answers.append(None)
            if len(answers) == 2:
                go.set()
            await go.wait()
            await process.stdin.send_all(b"\n")
            answers.append(int(b"".join([chunk async for chunk in process.stdout])))

        nursery.start_soon(run)
        nursery.start_soon(run)

    assert sum(answers[2:]) == NEWEST - 1
    copies = backups_of(in_use)
    assert len(copies) == sum(count > 0 for count in answers[2:])
    assert content_of(copies[0]) == FIRST
    assert content_of(in_use) == LATEST
