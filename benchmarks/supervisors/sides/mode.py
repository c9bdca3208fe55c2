"""mode: services and supervisors on asyncio. It has no inboxes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import mode
from support.comparison.job import Job, Samples, Stopwatch

from sides.lives import whole_life


class _Idle(mode.Service):
    @mode.Service.task
    async def serve(self) -> None:
        """Do nothing until the stop."""
        await self.wait_until_stopped()


class _Parent(mode.Service):
    def __init__(self, children: list[mode.Service]) -> None:
        self._declared = children
        super().__init__()

    def on_init_dependencies(self) -> list[mode.Service]:
        return self._declared


async def lifecycle(count: int) -> Samples:
    """Start a service with so many services below it, and stop it."""
    parent = _Parent([_Idle() for _ in range(count)])
    clock = Stopwatch()
    await parent.start()
    start = clock.lap()
    await parent.stop()
    stop = clock.lap()
    return whole_life(count, start=start, stop=stop)


class _Fragile(mode.Service):
    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.back = asyncio.Event()
        self.crash_now = asyncio.Event()
        self._crashed_at = 0.0
        super().__init__()

    @mode.Service.task
    async def serve(self) -> None:
        """Tell that it runs, and crash when it is told to."""
        if self._crashed_at:
            self.latencies.append(time.perf_counter() - self._crashed_at)
        self.crash_now.clear()
        self.back.set()
        await self.crash_now.wait()
        self._crashed_at = time.perf_counter()
        raise RuntimeError("made to crash")


async def restart(count: int) -> Samples:
    """Let a service crash under a one-for-one supervisor."""
    fragile = _Fragile()
    supervisor = mode.OneForOneSupervisor(max_restarts=1_000_000.0, over=1.0)
    supervisor.add(fragile)
    await supervisor.start()
    for _ in range(count):
        await fragile.back.wait()
        fragile.back.clear()
        fragile.crash_now.set()
    await fragile.back.wait()
    await supervisor.stop()
    return {"latency": fragile.latencies}


def _on_asyncio(measure: Callable[..., Awaitable[Samples]]) -> Job:
    def run(**arguments: Any) -> Samples:
        async def main() -> Samples:
            return await measure(**arguments)

        return asyncio.run(main())

    return run


JOBS: dict[str, Job] = {"lifecycle": _on_asyncio(lifecycle), "restart": _on_asyncio(restart)}
