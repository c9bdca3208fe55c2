"""Calls from Trio to an asyncio loop on another thread."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, TypeAlias, TypeVar, TypeVarTuple

import outcome
import trio

from compozy.bridge.batches import ToLoop, ToTrio
from compozy.bridge.errors import HostClosedError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Calls:
    """The calls to one loop; those that are made at the same time cross together, and so do their results.

    Args:
        loop: Where they are carried out.
        token: Of the Trio run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, token: trio.lowlevel.TrioToken) -> None:
        self._loop = loop
        self._begun: ToLoop[_Call] = ToLoop(loop, _begin)
        self._ended: ToTrio[_Result] = ToTrio(loop, token, _wake)

    async def call(self, fn: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run ``fn(*args)`` on the loop; see :meth:`compozy.bridge.AsyncioHost.call`."""
        await trio.lowlevel.checkpoint_if_cancelled()

        async def work() -> T:
            return await fn(*args)

        this = _Call(self._loop, self._ended, work)
        self._begun.put(this)
        result: T = await trio.lowlevel.wait_task_rescheduled(this.abort)
        return result


class _Call:
    """One call under way: a Trio task that sleeps, and the asyncio task it waits for."""

    __slots__ = ("_context", "_ended", "_loop", "_raise_cancel", "_sleeper", "_task", "_work")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ended: "ToTrio[_Result]", work: Callable[[], Coroutine[Any, Any, Any]]
    ) -> None:
        self._loop = loop
        self._ended = ended
        self._work = work
        self._context = contextvars.copy_context()
        self._sleeper = trio.lowlevel.current_task()
        self._task: asyncio.Task[Any] | None = None
        self._raise_cancel: Callable[[], NoReturn] | None = None

    def begin(self) -> None:
        """Start the asyncio task in the caller's context. Runs on the loop."""
        self._task = self._loop.create_task(self._work(), context=self._context)
        self._task.add_done_callback(self._end)

    def abort(self, raise_cancel: Callable[[], NoReturn]) -> trio.lowlevel.Abort:
        """Pass the sleeper's cancellation on. Runs on the Trio thread."""
        self._raise_cancel = raise_cancel
        self._loop.call_soon_threadsafe(self._cancel)  # arrives after the call itself, which was put before
        return trio.lowlevel.Abort.FAILED

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[Any]) -> None:
        """Send the result to the sleeper. Runs on the loop."""
        # At once: a loop that is being closed may not take another step.
        self._ended.put((self, outcome.capture(task.result)), more=False)

    def wake(self, result: outcome.Outcome[Any]) -> None:
        """Wake the sleeper. Runs on the Trio thread."""
        if isinstance(result, outcome.Error) and isinstance(result.error, asyncio.CancelledError):
            if self._raise_cancel is not None:
                result = outcome.capture(self._raise_cancel)
            else:
                result = outcome.Error(HostClosedError())
        trio.lowlevel.reschedule(self._sleeper, result)


_Result: TypeAlias = tuple[_Call, outcome.Outcome[Any]]


def _begin(calls: list[_Call]) -> None:
    for call in calls:
        call.begin()


def _wake(results: list[_Result]) -> None:
    for call, result in results:
        call.wake(result)
