"""Bare Trio: the least that could do the same work."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import trio
from support.comparison.job import Job, Samples, Stopwatch, on_trio

from sides.idling import measure_idling
from sides.importing import measure_import
from sides.lives import whole_life
from sides.memory import measure_memory
from sides.processes import COMMAND, measure_replacements
from sides.shapes import Shape, growing


async def _serve(stopping: trio.Event, *, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await stopping.wait()


@asynccontextmanager
async def _open_tasks(count: int, stopping: trio.Event) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        for _ in range(count):
            await nursery.start(_serve, stopping)
        yield
        stopping.set()


async def lifecycle(count: int, shape: Shape = "flat") -> Samples:
    """Start tasks that say when they are ready, one after the other, and stop them through events."""
    run = {"flat": _run_flat, "star": _run_star, "chain": _run_chain}[shape]
    clock = Stopwatch()
    start, stop = await run(count, clock)
    return whole_life(count, start=start, stop=stop)


async def _run_flat(count: int, clock: Stopwatch) -> tuple[float, float]:
    async with _open_tasks(count, trio.Event()):
        start = clock.lap()
    return start, clock.lap()


async def _run_star(count: int, clock: Stopwatch) -> tuple[float, float]:
    async with _open_tasks(1, trio.Event()), _open_tasks(count - 1, trio.Event()):
        start = clock.lap()
    return start, clock.lap()


async def _run_chain(count: int, clock: Stopwatch) -> tuple[float, float]:
    async with trio.open_nursery() as nursery:
        links: Sequence[tuple[trio.Event, trio.Event]] = [(trio.Event(), trio.Event()) for _ in range(count)]
        for stopping, stopped in links:
            await nursery.start(_serve_link, stopping, stopped)
        start = clock.lap()
        for stopping, stopped in reversed(links):
            stopping.set()
            await stopped.wait()
    return start, clock.lap()


async def _serve_link(stopping: trio.Event, stopped: trio.Event, *, task_status: trio.TaskStatus[None]) -> None:
    await _serve(stopping, task_status=task_status)
    stopped.set()


class _Crash(Exception):  # noqa: N818 - what the task is made to raise
    pass


async def restart(count: int) -> Samples:
    """Let a loop put a task that crashes into a nursery again, beside other tasks."""
    crash, back = trio.Event(), trio.Event()
    crashed_at = 0.0
    latencies: list[float] = []

    async def fragile(task_status: trio.TaskStatus[None]) -> None:
        nonlocal crashed_at
        task_status.started()
        if crashed_at:
            latencies.append(time.perf_counter() - crashed_at)
        await crash.wait()
        crashed_at = time.perf_counter()
        raise _Crash

    async def keep_running() -> None:
        nonlocal crash
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    await nursery.start(fragile)
                    back.set()
            except* _Crash:
                crash = trio.Event()

    async with _open_tasks(4, trio.Event()), trio.open_nursery() as nursery:
        nursery.start_soon(keep_running)
        for _ in range(count):
            await back.wait()
            back = trio.Event()
            crash.set()
        await back.wait()
        nursery.cancel_scope.cancel()
    return {"latency": latencies}


async def ask_fresh(count: int) -> Samples:
    """Ask with a reply channel for each request."""
    requests, inbox = trio.open_memory_channel[tuple[int, trio.MemorySendChannel[int]]](64)

    async def answer() -> None:
        async for number, reply in inbox:
            await reply.send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        clock = Stopwatch()
        for number in range(count):
            send, receive = trio.open_memory_channel[int](1)
            await requests.send((number, send))
            assert await receive.receive() == number
        elapsed = clock.lap()
        requests.close()
    return {"per_second": [count / elapsed]}


async def ask_reused(count: int) -> Samples:
    """Ask with one reply channel for all requests: not for more than one who asks."""
    requests, inbox = trio.open_memory_channel[int](64)
    send, receive = trio.open_memory_channel[int](1)

    async def answer() -> None:
        async for number in inbox:
            await send.send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        clock = Stopwatch()
        for number in range(count):
            await requests.send(number)
            assert await receive.receive() == number
        elapsed = clock.lap()
        requests.close()
    return {"per_second": [count / elapsed]}


async def process(count: int) -> Samples:
    """Start a process again whenever it ends."""

    async def keep_running(folder: str) -> None:
        while True:
            await trio.run_process([*COMMAND, folder], check=False)

    return await measure_replacements(count, keep_running)


JOBS: dict[str, Job] = {
    "lifecycle": on_trio(lifecycle),
    "growth": growing(lifecycle),
    "restart": on_trio(restart),
    "ask_fresh": on_trio(ask_fresh),
    "ask_reused": on_trio(ask_reused),
    "process": on_trio(process),
    "idle": partial(measure_idling, lambda count: _open_tasks(count, trio.Event())),
    "memory": partial(measure_memory, lambda count: _open_tasks(count, trio.Event())),
    "import_": partial(measure_import, "trio"),
}
