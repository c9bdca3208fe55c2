"""Calls from an asyncio loop on another thread to Trio."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, TypeVarTuple

import outcome
import trio

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Call:
    """One call under way: an asyncio task that waits, and the Trio task it waits for."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._loop = asyncio.get_running_loop()
        self._scope = trio.CancelScope()
        self.future: asyncio.Future[outcome.Outcome[Any] | None] = self._loop.create_future()

    def begin(self, context: contextvars.Context, fn: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        """Start the Trio task in the caller's context. Runs on the Trio thread."""
        context.run(self._nursery.start_soon, self._work, fn, args)

    def cancel(self) -> None:
        """Pass the caller's cancellation on. Runs on the Trio thread."""
        self._scope.cancel()

    async def _work(self, fn: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        result: outcome.Outcome[Any] | None = None  # stays None when the task is cancelled, by either side
        try:
            with self._scope:
                try:
                    result = outcome.Value(await fn(*args))
                except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
                    result = outcome.Error(error)
        finally:
            self._loop.call_soon_threadsafe(self._deliver, result)

    def _deliver(self, result: outcome.Outcome[Any] | None) -> None:
        if not self.future.done():
            self.future.set_result(result)


async def call(
    nursery: trio.Nursery,
    token: trio.lowlevel.TrioToken,
    fn: Callable[[*Ts], Awaitable[T]],
    *args: *Ts,
) -> T:
    """Run ``fn(*args)`` in the nursery; see :meth:`compozy.bridge.AsyncioHost.into_trio`."""
    this = _Call(nursery)
    token.run_sync_soon(this.begin, contextvars.copy_context(), fn, args)
    cancelled: asyncio.CancelledError | None = None
    while not this.future.done():
        try:
            # `wait` leaves the future alone when this task is cancelled: the Trio side must end first.
            await asyncio.wait([this.future])
        except asyncio.CancelledError as error:  # noqa: ASYNC103 - raised below, when the Trio side has ended
            cancelled = error
            token.run_sync_soon(this.cancel)
    if cancelled is not None:
        raise cancelled
    result = this.future.result()
    if result is None:
        raise asyncio.CancelledError
    value: T = result.unwrap()
    return value
