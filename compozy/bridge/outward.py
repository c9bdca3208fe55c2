"""Calls from Trio to an asyncio loop on another thread."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar, TypeVarTuple

import outcome
import trio

from compozy.bridge.errors import HostClosedError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Call:
    """One call under way: a Trio task that sleeps, and the asyncio task it waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, token: trio.lowlevel.TrioToken) -> None:
        self._loop = loop
        self._token = token
        self._sleeper = trio.lowlevel.current_task()
        self._task: asyncio.Task[Any] | None = None
        self._raise_cancel: Callable[[], NoReturn] | None = None

    def begin(self, context: contextvars.Context, fn: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        """Start the asyncio task. Runs on the loop."""

        async def work() -> Any:
            return await fn(*args)

        self._task = self._loop.create_task(work(), context=context)
        self._task.add_done_callback(self._end)

    def abort(self, raise_cancel: Callable[[], NoReturn]) -> trio.lowlevel.Abort:
        """Pass the sleeper's cancellation on. Runs on the Trio thread."""
        self._raise_cancel = raise_cancel
        self._loop.call_soon_threadsafe(self._cancel)
        return trio.lowlevel.Abort.FAILED

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[Any]) -> None:
        """Wake the sleeper. Runs on the loop."""
        self._token.run_sync_soon(self._wake, outcome.capture(task.result))

    def _wake(self, result: outcome.Outcome[Any]) -> None:
        if isinstance(result, outcome.Error) and isinstance(result.error, asyncio.CancelledError):
            if self._raise_cancel is not None:
                result = outcome.capture(self._raise_cancel)
            else:
                result = outcome.Error(HostClosedError())
        trio.lowlevel.reschedule(self._sleeper, result)


async def call(
    loop: asyncio.AbstractEventLoop,
    token: trio.lowlevel.TrioToken,
    fn: Callable[[*Ts], Awaitable[T]],
    *args: *Ts,
) -> T:
    """Run ``fn(*args)`` on the loop; see :meth:`compozy.bridge.AsyncioHost.call`."""
    await trio.lowlevel.checkpoint_if_cancelled()
    this = _Call(loop, token)
    try:
        loop.call_soon_threadsafe(this.begin, contextvars.copy_context(), fn, args)
    except RuntimeError as error:
        raise HostClosedError from error
    result: T = await trio.lowlevel.wait_task_rescheduled(this.abort)
    return result
