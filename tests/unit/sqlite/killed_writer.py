"""A writer that is killed again and again; ``test_durability.py`` runs this as a program.

Each line of the input is ``started`` or ``acknowledged``, a time in microseconds, and a path: a process begins to write
to the database there, and so long after it was started, or got its first acknowledgement, it is killed. The answer is a
line with the ids of the executions that were acknowledged to it.

The processes are forks of this one, because to start Python anew would take ten times as long as a round.
"""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trio

from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

WRITERS = 8
TASKS = 3


async def record(repositories, exec_id):
    """Record an execution with its tasks, in several statements."""
    now = datetime.now(UTC)
    common = {"exec_id": exec_id, "workflow_id": "w", "input": {}, "created_at": now, "updated_at": now}
    await repositories.workflows.upsert(WorkflowState(status=Status.PENDING, **common))
    await repositories.tasks.upsert_many(
        TaskState(task_exec_id=f"{exec_id} {n}", task_id="t", type=TaskType.BASIC, status=Status.RUNNING, **common)
        for n in range(TASKS)
    )
    await repositories.workflows.update_status(exec_id, Status.RUNNING, at=now, output=TASKS)


async def write(store, acknowledge):
    while True:
        exec_id = new_exec_id()
        await store.transaction(partial(record, exec_id=exec_id))
        os.write(acknowledge, f"{exec_id} ".encode())


async def main(path, acknowledge):
    async with open_store(path) as store, trio.open_nursery() as nursery:
        for _ in range(WRITERS):
            nursery.start_soon(write, store, acknowledge)


def killed_after(event, seconds, path):
    """Let a process write and kill it; return what was acknowledged to it."""
    acknowledged, acknowledge = os.pipe()
    writer = os.fork()
    if writer == 0:
        try:
            trio.run(main, path, acknowledge)
        finally:
            os._exit(1)
    os.close(acknowledge)
    with os.fdopen(acknowledged) as lines:
        first = lines.read(1) if event == "acknowledged" else ""
        time.sleep(seconds)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        return first + lines.read()


if __name__ == "__main__":
    for line in sys.stdin:
        event, microseconds, path = line.rstrip("\n").split(" ", 2)
        sys.stdout.write(killed_after(event, int(microseconds) / 1e6, Path(path)) + "\n")
        sys.stdout.flush()
