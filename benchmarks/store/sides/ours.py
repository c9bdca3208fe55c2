"""Our side: the store of this checkout, through its contract."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio

from compozy.contracts.store import Repositories, Store, WorkflowFilter
from compozy.domain.cursors import Position, encode_cursor
from compozy.domain.executions import TaskNode, TaskState, WorkflowState
from compozy.drivers import postgres, sqlite
from sides.client import Side, Worker
from sides.measures import jobs
from sides.preparing import is_postgres

_ALL: Final = WorkflowFilter()


@attrs.frozen
class _Client:
    store: Store

    async def read(self, exec_id: str) -> WorkflowState:
        return await self.store.read(lambda repositories: repositories.workflows.get(exec_id))

    async def write(self, state: WorkflowState) -> WorkflowState:
        return await self.store.transaction(lambda repositories: repositories.workflows.upsert(state))

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        return await self.store.transaction(lambda repositories: repositories.tasks.upsert_many(states))

    async def page(self, after: Position | None, limit: int) -> Sequence[WorkflowState]:
        cursor = None if after is None else encode_cursor(after)

        async def page(repositories: Repositories) -> Sequence[WorkflowState]:
            return (await repositories.workflows.list(_ALL, cursor=cursor, limit=limit)).items

        return await self.store.read(page)

    async def tree(self, exec_id: str) -> Sequence[TaskNode]:
        return await self.store.read(lambda repositories: repositories.tasks.hierarchy(exec_id))


def _open_store(place: str) -> AbstractAsyncContextManager[Store]:
    if is_postgres(place):
        return postgres.open_store(postgres.Connecting(url=place))
    return sqlite.open_store(Path(place))


@asynccontextmanager
async def _open(place: str) -> AsyncIterator[_Client]:
    async with _open_store(place) as store:
        yield _Client(store)


async def together(worker: Worker, count: int) -> None:
    """Run a worker so many times at once, on Trio."""
    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(worker)


JOBS: Final = jobs(Side(trio.run, _open, together))
