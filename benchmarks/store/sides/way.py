"""The way alone: from a Trio task to a thread and back, with nothing to do there.

Whatever leaves the event loop's thread pays for it, so no store on Trio is faster than the bare database and this
together. For one task after the other with the cheapest wake-up there is: the thread writes to a socket that the task
itself waits for. For many at once as the store does it: one wake-up for all who wait.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias

import trio
from support.comparison.job import Job, Samples, Stopwatch, on_trio

from sides.measures import WARM_UP

_Asked: TypeAlias = SimpleQueue[trio.lowlevel.Task | None]


async def _one_by_one(*, count: int, **_rest: Any) -> Samples:
    """Go there and back so many times."""
    asked: _Asked = SimpleQueue()
    here, there = socket.socketpair()
    with here, there, _serving(asked, lambda _tasks: there.send(b"!")):
        here.setblocking(False)  # noqa: FBT003 - its only parameter

        async def go() -> None:
            asked.put(trio.lowlevel.current_task())
            await trio.lowlevel.wait_readable(here)
            here.recv(1)

        for _ in range(WARM_UP):
            await go()
        latencies = []
        clock = Stopwatch()
        for _ in range(count):
            began = time.perf_counter()
            await go()
            latencies.append(time.perf_counter() - began)
        return {"latency": latencies, "per_second": [count / clock.lap()]}


async def _at_once(*, count: int, workers: int, **_rest: Any) -> Samples:
    """Go there and back so many times, by so many tasks."""
    asked: _Asked = SimpleQueue()
    token = trio.lowlevel.current_trio_token()

    async def go(times: Iterator[int]) -> None:
        for _ in times:
            asked.put(trio.lowlevel.current_task())
            await trio.lowlevel.wait_task_rescheduled(_go_on)

    async def all_go(times: int) -> None:
        shared = iter(range(times))
        async with trio.open_nursery() as nursery:
            for _ in range(workers):
                nursery.start_soon(go, shared)

    with _serving(asked, partial(token.run_sync_soon, _wake)):
        await all_go(workers * 2)
        clock = Stopwatch()
        await all_go(count)
        return {"per_second": [count / clock.lap()]}


@contextmanager
def _serving(asked: _Asked, answer: Callable[[list[trio.lowlevel.Task]], object]) -> Iterator[None]:
    """Answer, on a thread, all who wait at a time, until the body ends."""

    def serve() -> None:
        while (first := asked.get()) is not None:
            answer([first, *_waiting(asked)])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        asked.put(None)
        thread.join()


def _waiting(asked: _Asked) -> Iterator[trio.lowlevel.Task]:
    while True:
        try:
            task = asked.get_nowait()
        except Empty:
            return
        if task is None:
            asked.put(None)  # for whoever serves
            return
        yield task


def _wake(tasks: list[trio.lowlevel.Task]) -> None:
    for task in tasks:
        trio.lowlevel.reschedule(task)


def _go_on(_raise_cancel: object) -> trio.lowlevel.Abort:
    return trio.lowlevel.Abort.FAILED  # the thread answers soon


JOBS: Final[Mapping[str, Job]] = {"read": on_trio(_one_by_one), "write_at_once": on_trio(_at_once)}
