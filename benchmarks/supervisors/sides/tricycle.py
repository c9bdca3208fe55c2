"""tricycle: nurseries for services on Trio. It restarts nothing, and has no inboxes."""

import tricycle
import trio
from support.comparison.job import Job, Samples, Stopwatch, on_trio

from sides.lives import whole_life


async def _serve(stopping: trio.Event, *, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await stopping.wait()


async def lifecycle(count: int) -> Samples:
    """Start tasks in a service nursery, one after the other, and stop them through an event."""
    stopping = trio.Event()
    clock = Stopwatch()
    async with tricycle.open_service_nursery() as nursery:
        for _ in range(count):
            await nursery.start(_serve, stopping)
        start = clock.lap()
        stopping.set()
    stop = clock.lap()
    return whole_life(count, start=start, stop=stop)


JOBS: dict[str, Job] = {"lifecycle": on_trio(lifecycle)}
