"""Draining: how answers that take long learn that the server stops.

A server that stops answers what it has begun, but not for ever. An event stream has no end of its own and ends at once;
a synchronous execution gets what is left of the grace, less the time to say that the execution goes on.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio


@attrs.frozen
class Drain:
    """The two moments of a stop.

    Attributes:
        stopping: Set when the server has been told to stop: what has no end of its own ends now.
        overdue: Set when the grace is nearly over: whoever still waits answers with what there is.
    """

    stopping: trio.Event = attrs.field(factory=trio.Event)
    overdue: trio.Event = attrs.field(factory=trio.Event)


@asynccontextmanager
async def until(event: trio.Event) -> AsyncIterator[None]:
    """Run the block until it ends or the event is set, whichever is first.

    Leaves without an exception either way: look at the event to know which.
    """
    async with trio.open_nursery() as nursery:

        async def end_the_block() -> None:
            await event.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(end_the_block)
        yield
        nursery.cancel_scope.cancel()
