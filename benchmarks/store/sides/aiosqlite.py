"""aiosqlite: one connection, one thread, a hop for each call. Transactions take turns with a lock."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiosqlite

from compozy.domain.executions import TaskState, WorkflowState
from compozy.drivers.sqlite.dialect import SQLITE
from sides.client import Side
from sides.loops import run, together
from sides.measures import jobs
from sides.raw import PRAGMAS
from sides.statements import Known

_KNOWN: Final = Known(SQLITE)
_INSERT_TASK: Final = _KNOWN.write_task.partition(" RETURNING ")[0]  # `executemany` returns nothing
_TASKS: Final = f"SELECT {_KNOWN.write_task.partition(' RETURNING ')[2]} FROM task_states WHERE exec_id = ?1"  # noqa: S608 - constants


class _Client:
    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def read(self, exec_id: str) -> WorkflowState:
        [row] = await self._connection.execute_fetchall(_KNOWN.read, (exec_id,))
        return _KNOWN.workflow(row)

    async def write(self, state: WorkflowState) -> WorkflowState:
        async with self._turn:
            await self._connection.execute("BEGIN IMMEDIATE")
            [row] = await self._connection.execute_fetchall(_KNOWN.write, _KNOWN.of_workflow(state))
            await self._connection.execute("COMMIT")
        return _KNOWN.workflow(row)

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        async with self._turn:
            await self._connection.execute("BEGIN IMMEDIATE")
            await self._connection.executemany(_INSERT_TASK, [_KNOWN.of_task(state) for state in states])
            rows = await self._connection.execute_fetchall(_TASKS, (states[0].exec_id,))
            await self._connection.execute("COMMIT")
        wanted = {state.task_exec_id for state in states}
        return [_KNOWN.task(row) for row in rows if row[0] in wanted]


@asynccontextmanager
async def _open(place: str) -> AsyncIterator[_Client]:
    async with aiosqlite.connect(place, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            await connection.execute(f"PRAGMA {pragma}")
        yield _Client(connection)


JOBS: Final = jobs(Side(run, _open, together))
