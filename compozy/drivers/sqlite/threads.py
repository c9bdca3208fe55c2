"""Threads that belong to a store: started with it, ended and joined before it is closed."""

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio

CLOSE_S: Final = 15
"""How long closing waits for one thread: longer than a writer waits for another process's lock, twice over."""

_log: Final = logging.getLogger(__name__)


@asynccontextmanager
async def serving(name: str, serve: Callable[[], None], stop: Callable[[], None]) -> AsyncIterator[None]:
    """Run ``serve`` on a thread of its own while the body runs.

    A dedicated thread rather than ``trio.to_thread``: a connection stays on its thread, what waits in the queue can be
    taken together, and under load a job's way there and back costs a half to a quarter (alone it costs the same).

    Cancellation: leaving waits for the thread to end, shielded, up to :data:`CLOSE_S`.

    Args:
        name: The thread's name.
        serve: What it does; returns soon after ``stop`` was called.
        stop: Called on leaving, on the Trio thread; must not block.
    """
    token = trio.lowlevel.current_trio_token()
    ended = trio.Event()

    def main() -> None:
        try:
            serve()
        finally:
            # The run can be over only if it crashed; there is nobody left to tell.
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(ended.set)

    # A daemon, so that a thread stuck in a dead disk cannot keep a program from ending.
    thread = threading.Thread(target=main, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        with trio.move_on_after(CLOSE_S, shield=True) as patience:
            await ended.wait()
            thread.join()  # it has said its last word, so this takes microseconds
        if patience.cancelled_caught:
            _log.warning("thread %s did not end within %d s and is left alone", name, CLOSE_S)
