"""The floor on SQLite: the module ``sqlite3`` in the one thread there is, doing the same with the same statements.

Its methods are ``async`` in name only, and nothing is done at once: what is asked for at once is written one after the
other, and committed in groups.
"""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any, Final

from support.comparison.job import Job

from compozy.domain.cursors import Position
from compozy.domain.executions import TaskNode, TaskState, WorkflowState
from compozy.drivers.sqlite.dialect import SQLITE
from sides.client import Side, Worker
from sides.measures import jobs
from sides.statements import Known

PRAGMAS: Final = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 5000")
"""What the connections of the store have, too."""

GROUP: Final = 64
_KNOWN: Final = Known(SQLITE)


class _Client:
    def __init__(self, connection: sqlite3.Connection, *, group: int, savepoints: bool) -> None:
        self._connection = connection
        self._group = group
        self._savepoints = savepoints
        self._written = 0

    async def read(self, exec_id: str) -> WorkflowState:
        [row] = self._connection.execute(_KNOWN.read, (exec_id,)).fetchall()
        return _KNOWN.workflow(row)

    async def write(self, state: WorkflowState) -> WorkflowState:
        execute = self._connection.execute
        if self._written % self._group == 0:
            execute("BEGIN IMMEDIATE")
        if self._savepoints:
            execute("SAVEPOINT one")
        [row] = execute(_KNOWN.write, _KNOWN.of_workflow(state)).fetchall()
        recorded = _KNOWN.workflow(row)
        if self._savepoints:
            execute("RELEASE one")
        self._written += 1
        if self._written % self._group == 0:
            execute("COMMIT")
        return recorded

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        assert execute(_KNOWN.owner, (states[0].exec_id,)).fetchall()
        recorded = []
        for state in states:
            [row] = execute(_KNOWN.write_task, _KNOWN.of_task(state)).fetchall()
            recorded.append(_KNOWN.task(row))
        execute("COMMIT")
        return recorded

    async def page(self, after: Position | None, limit: int) -> Sequence[WorkflowState]:
        query = _KNOWN.page(after, limit)
        rows = self._connection.execute(query.text, query.values).fetchall()
        return [_KNOWN.workflow(row) for row in rows][:limit]

    async def tree(self, exec_id: str) -> Sequence[TaskNode]:
        return _KNOWN.nodes(self._connection.execute(_KNOWN.tree, (exec_id,)).fetchall())

    def finish(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")


@asynccontextmanager
async def _open(place: str, *, group: int = 1, savepoints: bool = False) -> AsyncIterator[_Client]:
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        client = _Client(connection, group=group, savepoints=savepoints)
        yield client
        client.finish()


async def _one_after_the_other(worker: Worker, count: int) -> None:
    for _ in range(count):
        await worker()


def _run(fn: Callable[[], Awaitable[Any]]) -> Any:
    try:
        fn().__await__().send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits for something")


def _jobs(**options: Any) -> Mapping[str, Job]:
    return jobs(Side(_run, partial(_open, **options), _one_after_the_other))


_ALONE, _GROUPED, _ISOLATED = _jobs(), _jobs(group=GROUP), _jobs(group=GROUP, savepoints=True)
JOBS: Final = {
    **_ALONE,
    "write_at_once": _GROUPED["write_at_once"],
    "write_at_once_isolated": _ISOLATED["write_at_once"],
}
