"""The floor on PostgreSQL: a pool of asyncpg on asyncio, doing the same with the same statements."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import attrs

from compozy.domain.cursors import Position
from compozy.domain.executions import TaskNode, TaskState, WorkflowState
from compozy.drivers.postgres.dialect import POSTGRES
from sides.client import Side
from sides.loops import run, together
from sides.measures import jobs
from sides.statements import Known

POOL: Final = 10
"""How many connections there are at most; the store has as many, unless told otherwise."""

_KNOWN: Final = Known(POSTGRES)
_ISOLATION: Final = "repeatable_read"


@attrs.frozen
class _Client:
    pool: asyncpg.Pool

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction(isolation=_ISOLATION, readonly=True):
            yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[asyncpg.Connection]:
        async with self.pool.acquire() as connection, connection.transaction(isolation=_ISOLATION):
            yield connection

    async def read(self, exec_id: str) -> WorkflowState:
        async with self._reading() as connection:
            return _KNOWN.workflow(await connection.fetchrow(_KNOWN.read, exec_id))

    async def write(self, state: WorkflowState) -> WorkflowState:
        async with self._writing() as connection:
            return _KNOWN.workflow(await connection.fetchrow(_KNOWN.write, *_KNOWN.of_workflow(state)))

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        async with self._writing() as connection:
            assert await connection.fetch(_KNOWN.owner, states[0].exec_id)
            rows = await connection.fetchmany(_KNOWN.write_task, [_KNOWN.of_task(state) for state in states])
            return [_KNOWN.task(row) for row in rows]

    async def page(self, after: Position | None, limit: int) -> Sequence[WorkflowState]:
        query = _KNOWN.page(after, limit)
        async with self._reading() as connection:
            return [_KNOWN.workflow(row) for row in await connection.fetch(query.text, *query.values)][:limit]

    async def tree(self, exec_id: str) -> Sequence[TaskNode]:
        async with self._reading() as connection:
            return _KNOWN.nodes(await connection.fetch(_KNOWN.tree, exec_id))


async def _leave(_connection: object) -> None:
    """Take a connection back as it is: nothing of a session is ever changed, so a round trip is saved."""


@asynccontextmanager
async def _open(place: str) -> AsyncIterator[_Client]:
    settings = {"jit": "off"}
    async with asyncpg.create_pool(place, min_size=1, max_size=POOL, reset=_leave, server_settings=settings) as pool:
        yield _Client(pool)


JOBS: Final = jobs(Side(run, _open, together))
