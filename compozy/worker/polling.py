"""One worker of the SDK on its loop: from when it is registered to when the registration has been given back.

A worker registers with its client when it is made, and a client takes one worker for a task queue. The SDK gives the
registration back when a worker that polled has been shut down, and forgets to when it never came to that: it failed, or
was cancelled, while it asked the server for its namespace. Whoever is to start anew would then be refused, for ever. So
making and running it are one, and whatever ends the two before the first poll, the registration is given back here.

The SDK offers no way to do that, so this reaches into it; ``tests/integration/temporal/test_worker_registration.py``
says when that does not hold any more.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Final

from temporalio.worker import Worker

from compozy.domain.errors import UnavailableError

_FAREWELL_S: Final = 0.25
"""It takes a millisecond, unless the server stands still: the SDK takes leave of it, for as long as that takes."""

_SAID: Final = re.compile(r'code: (?P<code>\w+), message: "(?P<message>[^"]*)"')


class Polling:
    """A worker that is made and run at once. Used on the loop of its client.

    Args:
        make: Makes the worker.
    """

    def __init__(self, make: Callable[[], Worker]) -> None:
        self._make = make
        self._worker: Worker | None = None
        self._made = asyncio.Event()

    async def run(self) -> None:
        """Make the worker and run it until it has been shut down.

        Cancelling ends it at once. When this has ended, however, there may be another worker.

        Raises:
            UnavailableError: The server has no such namespace, or does not say.
            RuntimeError: There is such a worker already; or this one failed later.
        """
        worker = self._make()
        try:
            self._worker = worker
            self._made.set()
            await worker.run()
        except RuntimeError as error:
            if worker._started:  # noqa: SLF001 - see the head
                raise
            message = f"temporal lets no worker begin in namespace {worker.client.namespace!r}: {_reason(error)}"
            raise UnavailableError(message) from error
        finally:
            if not worker._started:  # noqa: SLF001 - see the head; once it has started, the SDK does it
                await _give_back(worker)

    async def wait_made(self) -> None:
        """Return when the worker is made, and registered."""
        await self._made.wait()

    async def shut_down(self) -> None:
        """Have the worker finish what it is at, once it is made, and wait until it has."""
        await self.wait_made()
        if self._worker is not None:
            await self._worker.shutdown()


def _reason(error: RuntimeError) -> str:
    """Return what the server said; the SDK tells it as a native structure written out."""
    found = _SAID.search(str(error))
    return str(error) if found is None else f"{found['code'].lower()}: {found['message']}"


async def _give_back(worker: Worker) -> None:
    """Give back the registration of a worker that never polled, and free what it has."""
    core = worker._bridge_worker  # noqa: SLF001 - see the head
    core.initiate_shutdown()  # the registration is back now; the rest is for what the worker holds
    queues = [each.drain_poll_queue() for each in (worker._activity_worker, worker._workflow_worker) if each]  # noqa: SLF001 - as above
    # What the SDK itself ignores: a question that was cancelled a moment ago may still hold the worker, and frees it.
    with contextlib.suppress(RuntimeError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await asyncio.gather(*queues)
            await core.finalize_shutdown()
