"""What was acknowledged survives the death of the process at any instant, and nothing is ever half there."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import trio

from compozy.drivers.sqlite import open_store

WRITER = """
import os, sys, trio
from datetime import UTC, datetime
from pathlib import Path
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

async def write(store):
    while True:
        now, exec_id = datetime.now(UTC), new_exec_id()
        common = dict(exec_id=exec_id, workflow_id="w", status=Status.RUNNING, input={}, created_at=now, updated_at=now)
        async def work(repositories):
            await repositories.workflows.upsert(WorkflowState(**common))
            await repositories.tasks.upsert_many(
                [TaskState(task_exec_id=exec_id, task_id="t", type=TaskType.BASIC, **common)]
            )
        await store.transaction(work)
        os.write(1, f"{exec_id}\\n".encode())

async def main():
    async with open_store(Path(sys.argv[1])) as store, trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(write, store)

trio.run(main)
"""


async def acknowledged_until_killed(path, count):
    """Run a writing process, kill it after about ``count`` transactions, and return the ids that it acknowledged."""
    command = [sys.executable, "-c", WRITER, str(path)]
    output = b""
    process = await trio.lowlevel.open_process(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        async with process.stdout:
            async for chunk in process.stdout:
                output += chunk
                if output.count(b"\n") >= count:
                    process.kill()
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
    return set(output.decode().split("\n")[:-1])


@pytest.mark.slow
async def test_a_killed_process_loses_nothing_it_acknowledged(path):
    dice = random.Random(23)  # noqa: S311 - a seeded choice, no secret
    acknowledged = set()

    for _ in range(10):
        acknowledged |= await acknowledged_until_killed(path, dice.randrange(1, 400))
        async with open_store(path) as store:
            await store.ping()
        with closing(sqlite3.connect(path)) as connection:
            executions = {row[0] for row in connection.execute("SELECT exec_id FROM workflow_states")}
            tasks = {row[0] for row in connection.execute("SELECT exec_id FROM task_states")}
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

        assert acknowledged <= executions
        assert tasks == executions


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
