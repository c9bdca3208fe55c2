"""Cancellation that is not lost.

A task of asyncio is told once that it is cancelled. When it waits for an activity at that moment, the SDK passes that
on and waits for the activity, which may end well all the same; then the task goes on as if nothing had been said. What
stays is the count of requests, so whoever is about to begin something looks at that first.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from temporalio import workflow

T = TypeVar("T")


def raise_if_canceled() -> None:
    """Raise when the current task of asyncio has been cancelled, however long ago.

    Raises:
        asyncio.CancelledError: It has.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def cancel_and_wait(tasks: Sequence["asyncio.Task[T]"]) -> None:
    """Cancel tasks and return when all of them have ended, which is when the work in them has been stopped.

    Cancelling this is put off until then.

    Raises:
        asyncio.CancelledError: It was cancelled.
    """
    for task in tasks:
        task.cancel()
    await _wait(tasks)
    raise_if_canceled()


async def finish(task: "asyncio.Task[T]") -> T:
    """Return what a task returns that must come to its end; cancelling this is left to whoever looks next."""
    await _wait([task])
    return task.result()


async def _wait(tasks: Sequence["asyncio.Task[T]"]) -> None:
    while not all(task.done() for task in tasks):
        try:
            await workflow.wait(tasks)
        except asyncio.CancelledError:  # noqa: ASYNC103 - it is counted, and raised when these have ended
            continue  # noqa: ASYNC104 - as above
