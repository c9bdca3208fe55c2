"""Losses: executions that had begun, and that the orchestrator no longer knows."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import attrs

from compozy.contracts.store import Page, Repositories, Store, WorkflowFilter
from compozy.domain.errors import NotFoundError
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status
from compozy.telemetry.logger import get_logger

ORCHESTRATOR_LOST: Final = "ORCHESTRATOR_LOST"
"""The code of the failure."""

_BEGUN: Final = frozenset(status for status in Status if not status.is_terminal) - {Status.PENDING}
_PAGE: Final = 500
_FAILURE: Final = Failure(
    code=ORCHESTRATOR_LOST,
    message="the orchestrator has lost it with its database, so it cannot go on; start it again if it is still wanted",
)

_log = get_logger(__name__)


async def fail_lost(
    store: Store, knows: Callable[[str], Awaitable[bool]], clock: Callable[[], datetime]
) -> tuple[str, ...]:
    """Record as FAILED, with their tasks, the executions that have begun and that the orchestrator does not know.

    One that is PENDING is none of them: it will be handed over. Cancelling leaves those recorded that were reached;
    calling it again goes on.

    Args:
        store: Where all executions are the orchestrator's own.
        knows: Asks it for one execution.
        clock: Gives the current time, UTC.

    Returns:
        Which they were, newest first.

    Raises:
        UnavailableError: The store or the orchestrator cannot be reached; what was not asked for stays as it is.
    """
    lost: list[str] = []
    cursor: str | None = None
    while True:
        page = await _begun(store, cursor)
        for state in page.items:
            if not await knows(state.exec_id):
                await _fail(store, state.exec_id, clock())
                lost.append(state.exec_id)
                _log.warning("execution was lost", exec_id=state.exec_id, workflow_id=state.workflow_id)
        cursor = page.next_cursor
        if cursor is None:
            return tuple(lost)


async def _begun(store: Store, cursor: str | None) -> Page:
    async def read(repos: Repositories) -> Page:
        return await repos.workflows.list(WorkflowFilter(statuses=_BEGUN), cursor=cursor, limit=_PAGE)

    return await store.read(read)


async def _fail(store: Store, exec_id: str, at: datetime) -> None:
    async def record(repos: Repositories) -> None:
        try:
            state, tasks = await repos.workflows.get_with_tasks(exec_id)
        except NotFoundError:  # deleted meanwhile
            return
        unfinished = [task for task in tasks if not task.status.is_terminal]
        news: dict[str, Any] = {"status": Status.FAILED, "error": _FAILURE, "updated_at": at}
        await repos.tasks.upsert_many([attrs.evolve(task, **news) for task in unfinished])
        await repos.workflows.upsert(attrs.evolve(state, output=None, **news))

    await store.transaction(record)
