"""The actor that forgets executions which ended long ago, and how they are forgotten."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import trio

from compozy.contracts.store import Page, Repositories, Store, WorkflowFilter
from compozy.domain.errors import CompozyError
from compozy.domain.statuses import TERMINAL
from compozy.drivers.clock import utc_now
from compozy.telemetry.logger import get_logger
from supervisors import Context

EVERY: Final = timedelta(hours=1)
"""How often the janitor comes."""

BATCH: Final = 500
"""How many are forgotten in one transaction: others get their turn in between."""

_PAGE: Final = 1000

_log = get_logger(__name__)


def janitor_actor(
    retention: timedelta, *, clock: Callable[[], datetime] = utc_now
) -> Callable[[Context, Store], Awaitable[None]]:
    """Return the actor that forgets, at its start and every hour, what ended longer ago than this.

    Args:
        retention: How long executions are kept once they have ended.
        clock: Gives the current time, UTC.
    """

    async def janitor(ctx: Context, store: Store) -> None:
        ctx.started()  # nobody waits for the first round
        while not ctx.stopping.is_set():
            await _tidy(store, clock() - retention)
            with trio.move_on_after(EVERY.total_seconds()):
                await ctx.stopping.wait()

    return janitor


async def _tidy(store: Store, before: datetime) -> None:
    try:
        forgotten = await forget_ended(store, before)
    except CompozyError as error:
        _log.warning("old executions are forgotten later", reason=str(error))
    else:
        if forgotten:
            _log.info("old executions were forgotten", count=forgotten, ended_before=before.isoformat())


async def forget_ended(store: Store, before: datetime) -> int:
    """Forget executions that ended before this time, with their tasks, and return how many there were.

    Cancellation: what was forgotten by then stays forgotten, in whole batches.

    Args:
        store: Where they are.
        before: Aware.

    Raises:
        UnavailableError: The store cannot be written now.
    """
    total = 0
    while True:
        forgotten = await store.transaction(lambda here: here.workflows.delete_older(before, limit=BATCH))
        total += forgotten
        if forgotten < BATCH:
            return total


async def count_ended(store: Store, before: datetime) -> int:
    """Return how many executions :func:`forget_ended` would forget now. Reads them all.

    Raises:
        UnavailableError: The store cannot be read now.
    """
    # What had ended before then was created before then; that much the listing can choose.
    where = WorkflowFilter(statuses=TERMINAL, until=before)
    total = 0
    cursor: str | None = None
    while True:
        page = await store.read(partial(_list, where, cursor))
        total += sum(state.updated_at < before for state in page.items)
        if page.next_cursor is None:
            return total
        cursor = page.next_cursor


async def _list(where: WorkflowFilter, cursor: str | None, here: Repositories) -> Page:
    return await here.workflows.list(where, cursor=cursor, limit=_PAGE)
