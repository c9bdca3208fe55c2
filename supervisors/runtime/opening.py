"""Opens a tree inside a program: start, body, ordered stop."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import trio

from supervisors.core.events import Event
from supervisors.core.plan import Plan
from supervisors.runtime.executor import Executor
from supervisors.runtime.live import Live
from supervisors.runtime.watchdog import NOT_WATCHED, LoopWatch


@asynccontextmanager
async def open_plan(
    plan: Plan,
    *,
    on_event: Callable[[Event], None] | None,
    random: Random | None,
    watch: LoopWatch = NOT_WATCHED,
) -> AsyncIterator[Live]:
    """Run the actors of a plan around a block; `Tree.open` says how."""
    executor = Executor(plan, on_event=on_event, random=random, watch=watch)
    del plan  # who holds the first version of it holds all that children of pools ever changed in it
    live = Live(executor.board)
    body = trio.CancelScope()
    await trio.lowlevel.checkpoint_if_cancelled()  # whoever is cancelled already starts nothing
    executor.launch(body)
    try:
        await executor.board.wait_until(lambda: executor.board.world.ever_ready or live.is_stopping)
        if executor.board.world.ever_ready:
            with body:
                yield live
        elif not executor.board.world.failures:
            await live.wait_ready()  # raises: somebody asked for a stop first
    finally:
        with trio.CancelScope(shield=True, deadline=executor.latest_end()):
            await executor.stop("the block was left")
        executor.raise_failure()
