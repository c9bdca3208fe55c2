"""The durable record, written by hand: an execution and its task in PostgreSQL, in the tables that Compozy has.

Three transactions, as Compozy has them: the execution is accepted; it and its task begin; the task and it have ended.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import attrs

WORKFLOW: Final = "plain"
TASK: Final = "say"
_POOL: Final = 10
"""How many connections there are at most; Compozy has as many."""

_ACCEPT: Final = (
    "INSERT INTO workflow_states (exec_id, workflow_id, status, input, created_at, updated_at) "
    "VALUES ($1, $2, 'PENDING', $3, $4, $4)"
)
_BEGIN: Final = (
    "UPDATE workflow_states SET status = 'RUNNING', updated_at = $2 WHERE exec_id = $1 AND status = 'PENDING'"
)
_BEGIN_TASK: Final = (
    "INSERT INTO task_states "
    "(task_exec_id, task_id, type, exec_id, workflow_id, status, input, attempt, created_at, updated_at) "
    "VALUES ($1, $2, 'basic', $3, $4, 'RUNNING', $5, 1, $6, $6)"
)
_END_TASK: Final = "UPDATE task_states SET status = 'SUCCESS', output = $2, updated_at = $3 WHERE task_exec_id = $1"
_END: Final = "UPDATE workflow_states SET status = 'SUCCESS', output = $2, updated_at = $3 WHERE exec_id = $1"


@attrs.frozen
class Record:
    """The record in one database."""

    pool: asyncpg.Pool

    async def accept(self, exec_id: str, input_: dict[str, Any]) -> None:
        """Write an execution that is to be started."""
        await self.pool.execute(_ACCEPT, exec_id, WORKFLOW, json.dumps(input_), _now())

    async def begin(self, exec_id: str, input_: dict[str, Any]) -> None:
        """Write that an execution and its task have begun."""
        now = _now()
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(_BEGIN, exec_id, now)
            await connection.execute(_BEGIN_TASK, f"{exec_id}/{TASK}", TASK, exec_id, WORKFLOW, json.dumps(input_), now)

    async def end(self, exec_id: str, output: dict[str, Any]) -> None:
        """Write that a task and its execution have ended."""
        now, written = _now(), json.dumps(output)
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(_END_TASK, f"{exec_id}/{TASK}", written, now)
            await connection.execute(_END, exec_id, written, now)


@asynccontextmanager
async def open_record(url: str | None) -> AsyncIterator[Record | None]:
    """Open the record in the database at an address; None when there is no address."""
    if url is None:
        yield None
        return
    async with asyncpg.create_pool(url, min_size=1, max_size=_POOL, server_settings={"jit": "off"}) as pool:
        yield Record(pool)


def _now() -> datetime:
    return datetime.now(UTC)
