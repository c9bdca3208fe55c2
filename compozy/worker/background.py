"""A task beside a block, without the exception group that a nursery would put around the block's own error."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def beside(work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run ``work()`` while the block runs, and cancel it when the block ends.

    What the block raises leaves as it is, for whoever classifies it by its type. What ``work`` raises ends the block
    and leaves in an exception group.
    """
    own: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery
            own = error
        nursery.cancel_scope.cancel()
    if own is not None:
        raise own
