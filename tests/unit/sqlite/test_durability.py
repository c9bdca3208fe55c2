"""What was acknowledged survives the death of the process at any instant, and nothing is ever half there."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import trio

from compozy.contracts.store import Kind
from compozy.drivers.sqlite import open_store

ROUNDS = 200
ROUNDS_PER_FILE = 10
LONGEST_US = {"started": 30_000, "acknowledged": 20_000}  # opening a new file takes about half of the former
TASKS = 3  # that the writer records with each execution

WRITER = Path(__file__).with_name("killed_writer.py")


@pytest.fixture
async def killed_writer():
    """Return a function that lets a process write to a file, kills it, and returns which ids were acknowledged."""
    command = [sys.executable, str(WRITER)]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unread = bytearray()

    async def killed_writer(path, event, after_us):
        await process.stdin.send_all(f"{event} {after_us} {path}\n".encode())
        while b"\n" not in unread:
            chunk = await process.stdout.receive_some()
            assert chunk, "the program has ended"
            unread.extend(chunk)
        line, _, rest = bytes(unread).partition(b"\n")
        unread[:] = rest
        return set(line.decode().split())

    async with process.stdin, process.stdout:
        yield killed_writer
        await process.stdin.aclose()
        await process.wait()


def look_at(path):
    """Return what SQLite thinks of the file, its executions as pairs of id and output, and how many tasks each has."""
    with closing(sqlite3.connect(path)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchall()
        verdict += connection.execute("PRAGMA foreign_key_check").fetchall()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if "workflow_states" not in tables:  # killed before that
            return verdict, {}, {}
        executions = dict(connection.execute("SELECT exec_id, output FROM workflow_states"))
        return (
            verdict,
            executions,
            dict(connection.execute("SELECT exec_id, count(*) FROM task_states GROUP BY exec_id")),
        )


@pytest.mark.slow
async def test_a_process_killed_at_any_instant_loses_nothing_it_acknowledged(tmp_path, killed_writer):
    dice = random.Random(23)  # noqa: S311 - a seeded choice, no secret
    acknowledged, written, path = set(), 0, None

    for number in range(ROUNDS):
        if number % ROUNDS_PER_FILE == 0:
            acknowledged, path = set(), tmp_path / f"{number}.db"
        event = dice.choice(sorted(LONGEST_US))
        acknowledged |= await killed_writer(path, event, dice.randrange(LONGEST_US[event]))
        verdict, executions, tasks = look_at(path) if path.exists() else ([("ok",)], {}, {})

        assert verdict == [("ok",)]
        assert acknowledged <= executions.keys()
        assert set(executions.values()) <= {str(TASKS)}  # none without its last statement
        assert tasks == dict.fromkeys(executions, TASKS)
        if number % ROUNDS_PER_FILE == ROUNDS_PER_FILE - 1:
            written += len(acknowledged)
            async with open_store(path) as store:
                count = await store.read(lambda repositories: repositories.archive.count(Kind.EXECUTIONS))
            assert count == len(executions)

    assert written > ROUNDS // 4  # many were killed in the midst of their work


OPENER = """
import sys, trio
from pathlib import Path
from compozy.drivers.sqlite import open_store

async def main():
    for line in sys.stdin:
        async with open_store(Path(line.strip())) as store:
            await store.ping()
        print("opened", flush=True)

trio.run(main)
"""


@pytest.mark.slow
async def test_processes_that_open_one_new_file_at_once_all_get_it(tmp_path):
    rounds = 20
    files = "".join(f"{tmp_path / str(number)}.db\n" for number in range(rounds)).encode()
    results = []

    async def open_all():
        result = await trio.run_process([sys.executable, "-c", OPENER], stdin=files, capture_stdout=True)
        results.append(result.stdout)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(open_all)

    assert results == [b"opened\n" * rounds] * 4
