"""An asyncio event loop on a thread of its own, driven from Trio.

Theory of operation. Some libraries (temporalio) need a real asyncio loop, and run twice as fast on one as inside
trio-asyncio. The host owns a thread with such a loop. Calls cross in both directions:

* ``host.call(fn)`` on the Trio side runs a coroutine on the loop (:mod:`compozy.bridge.outward`);
* ``host.into_trio(fn)`` on the loop runs an async function as a child task of the host's nursery
  (:mod:`compozy.bridge.inward`);
* ``host.open_exchange`` is for many small questions to one place on the loop, and ``host.open_feed`` for news from
  there (:mod:`compozy.bridge.exchange`, :mod:`compozy.bridge.batches`).

The first two wait for the other side to end, whatever happens: cancelling the caller cancels the callee, and the caller
goes on only when the callee has ended. So neither side ever works behind the other's back, and the host can be closed
by closing the loop first and the nursery after it. Exceptions, results and context variables cross as they are.
"""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

import trio

from compozy.bridge import inward, outward
from compozy.bridge.batches import ToTrio
from compozy.bridge.errors import HostClosedError
from compozy.bridge.exchange import Exchange, Question
from compozy.bridge.loops import FASTEST, LoopFactory

__all__ = ["AsyncioHost", "HostClosedError", "open_asyncio_host"]

A = TypeVar("A")
Q = TypeVar("Q")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_CLOSE_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


class AsyncioHost:
    """A running asyncio loop on another thread. Made by :func:`open_asyncio_host`."""

    def __init__(self, nursery: trio.Nursery, loop: asyncio.AbstractEventLoop, token: trio.lowlevel.TrioToken) -> None:
        self._nursery = nursery
        self._loop = loop
        self._token = token
        self._calls = outward.Calls(loop, token)
        self._is_open = True

    async def call(self, fn: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run ``fn(*args)`` on the asyncio loop and return its result. Called on the Trio thread.

        Cancelling cancels the asyncio task and waits for it to end; a result that it returns all the same is returned.

        Raises:
            HostClosedError: The host was closed before the call ended.
            Exception: What ``fn`` raised.
        """
        if not self._is_open:
            raise HostClosedError
        return await self._calls.call(fn, *args)

    async def into_trio(self, fn: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run ``fn(*args)`` on the Trio thread and return its result. Called on the asyncio loop.

        Cancelling cancels the Trio task and waits for it to end.

        Raises:
            asyncio.CancelledError: The caller was cancelled, or the host is being closed.
            Exception: What ``fn`` raised.
        """
        return await inward.call(self._nursery, self._token, fn, *args)

    def open_exchange(self, receive: Callable[[list[Question[Q, A]]], None]) -> Exchange[Q, A]:
        """Return an exchange for questions that are answered on the loop. Called on the Trio thread.

        Args:
            receive: Is called on the loop with the questions that have arrived.
        """
        return Exchange(self._loop, self._token, receive)

    def open_feed(self, receive: Callable[[list[T]], None]) -> Callable[[T], None]:
        """Return what the loop calls to send a value to Trio.

        Args:
            receive: Is called on the Trio thread with those that have arrived, in order. It must not raise.
        """
        return ToTrio(self._loop, self._token, receive).put

    def _close(self) -> None:
        self._is_open = False


class _LoopThread:
    """The thread that runs the loop until it is told to stop."""

    def __init__(self, name: str, make_loop: LoopFactory, token: trio.lowlevel.TrioToken) -> None:
        self._make_loop = make_loop
        self._token = token
        self._stop: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.started = trio.Event()
        self.ended = trio.Event()
        # A daemon, so that a loop that refuses to end (reported by open_asyncio_host) cannot hold the process.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        if self.loop is not None and self._stop is not None:
            self.loop.call_soon_threadsafe(self._stop.set)

    def _run(self) -> None:
        try:
            # Leaving the Runner cancels the tasks that are left and waits for them.
            with asyncio.Runner(loop_factory=self._make_loop) as runner:
                runner.run(self._main())
        finally:
            # Objects of the Temporal SDK that are collected after the loop has ended, at interpreter exit, abort the
            # process in a quarter of runs.
            gc.collect()
            self._notify(self.ended)

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._notify(self.started)
        await self._stop.wait()

    def _notify(self, event: trio.Event) -> None:
        try:
            self._token.run_sync_soon(event.set)
        except trio.RunFinishedError:
            _log.debug("the Trio run ended before its asyncio loop")


@asynccontextmanager
async def open_asyncio_host(name: str = "asyncio", *, make_loop: LoopFactory = FASTEST) -> AsyncIterator[AsyncioHost]:
    """Start an asyncio loop on a thread and yield the host that drives it.

    Leaving cancels what still runs on the loop, waits for it, and ends the thread. A loop that has not ended 5 s after
    that is logged and left behind on its daemon thread.

    Args:
        name: Name of the thread.
        make_loop: Makes the loop; called on its thread.
    """
    thread = _LoopThread(name, make_loop, trio.lowlevel.current_trio_token())
    body_error: Exception | None = None
    async with trio.open_nursery() as nursery:
        thread.start()
        try:
            await thread.started.wait()
            assert thread.loop is not None  # noqa: S101 - set before `started`
            host = AsyncioHost(nursery, thread.loop, trio.lowlevel.current_trio_token())
            try:
                yield host
            except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery that would wrap it
                body_error = error
            finally:
                host._close()  # noqa: SLF001 - the two are one module
        finally:
            with trio.move_on_after(_CLOSE_TIMEOUT_S, shield=True):
                await thread.started.wait()
                thread.request_stop()
                await thread.ended.wait()
            if not thread.ended.is_set():
                _log.error("the asyncio loop %r did not end within %g s", name, _CLOSE_TIMEOUT_S)
        nursery.cancel_scope.cancel()
    if body_error is not None:
        raise body_error
