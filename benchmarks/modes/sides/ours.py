"""Our side, on the servers of the run or standalone."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Final

import psutil
import trio
from support.comparison.job import Job, Samples, on_trio
from support.compozy_side import (
    WORKFLOW,
    Compozy,
    begin_among,
    open_compozy,
    open_worker,
    run_among,
    run_in_turn,
)
from support.errors import BrokenError

from sides.backlog import Backlog
from sides.reading import read_repeatedly
from sides.standing import CpuMeter, Ground, on_ground

_API: Final = "/api/v0"
_WARM_UP: Final = 40


async def throughput(*, folder: str, count: int, at_once: int, workers: int, **servers: str) -> Samples:
    """Measure how many workflows are done in a second, asked for over one API, by so many workers."""
    with on_ground(folder, servers) as ground:
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(_open_api(ground))
            staff = [
                await stack.enter_async_context(open_worker(ground.project, ground.environ)) for _ in range(workers)
            ]
            connections = await stack.enter_async_context(api.connections(at_once))
            (await run_among(connections, _WARM_UP * workers)).all_done_ms()
            meter = CpuMeter([api.program, *staff])
            runs = await run_among(connections, count)
            used = meter.lap()
        runs.all_done_ms()
        return {"per_second": [runs.per_second], "cpu": [used / count]}


async def backlog(*, folder: str, count: int, at_once: int, workers: int, **servers: str) -> Samples:
    """Measure how many workflows that wait for workers are done in a second, by so many of them."""
    with on_ground(folder, servers) as ground:
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(_open_api(ground))
            waiting = Backlog(servers["postgres"], WORKFLOW, count)
            await begin_among(await stack.enter_async_context(api.connections(at_once)), count)
            for _ in range(workers):
                await stack.enter_async_context(open_worker(ground.project, ground.environ))
            return {"per_second": [await waiting.rate()]}


async def reads(*, folder: str, count: int, at_once: int, **servers: str) -> Samples:
    """Measure how often one execution can be read in a second, over the API."""
    with on_ground(folder, servers) as ground:
        async with _open_everything(ground, servers) as compozy, compozy.connections(at_once) as connections:
            exec_id = await _executed(compozy)
            return await read_repeatedly(
                connections,
                f"{_API}/executions/workflows/{exec_id}",
                is_right=lambda body: json.loads(body)["output"] == {"text": "hello"},
                count=count,
                program=compozy.program,
            )


async def events(*, folder: str, count: int, **servers: str) -> Samples:
    """Measure from when a tool has ended to when a client that watches is told so."""
    with on_ground(folder, servers) as ground:
        async with _open_everything(ground, servers) as compozy:
            await _delay(compozy)  # warms it up
            return {"delay": [await _delay(compozy) for _ in range(count)]}


async def shutdown(*, folder: str, **servers: str) -> Samples:
    """Measure from SIGTERM to the exit of a program that does everything, with nothing under way."""
    with on_ground(folder, servers) as ground:
        async with _open_everything(ground, servers) as compozy:
            await _executed(compozy)
            return {"elapsed": [await compozy.program.end()]}


async def worker_shutdown(*, folder: str, **servers: str) -> Samples:
    """Measure from SIGTERM to the exit of a worker, with nothing under way."""
    with on_ground(folder, servers) as ground:
        async with _open_api(ground) as api, open_worker(ground.project, ground.environ) as worker:
            await _executed(api)
            return {"elapsed": [await worker.end()]}


async def restart(*, folder: str, **servers: str) -> Samples:
    """Measure from kill -9 of a program that does everything until its successor answers that it is ready."""
    with on_ground(folder, servers) as ground:
        async with _open_everything(ground, servers) as compozy:
            await _executed(compozy)
            compozy.program.process.kill()
            killed = time.perf_counter()
            await compozy.program.process.wait()
        async with _open_everything(ground, servers) as compozy:
            elapsed = time.perf_counter() - killed
            await _executed(compozy)
            return {"elapsed": [elapsed]}


async def worker_restart(*, folder: str, **servers: str) -> Samples:
    """Measure from kill -9 of a worker until its successor asks for work."""
    with on_ground(folder, servers) as ground:
        async with open_worker(ground.project, ground.environ) as worker:
            worker.process.kill()
            killed = time.perf_counter()
            await worker.process.wait()
        async with open_worker(ground.project, ground.environ):
            return {"elapsed": [time.perf_counter() - killed]}


async def temporal_restart(*, folder: str) -> Samples:
    """Measure from kill -9 of the embedded Temporal until the program has another one, and asks it for work."""
    with on_ground(folder, {}) as ground:
        async with _open_everything(ground, {}) as compozy:
            await _executed(compozy)
            [server] = [each for each in compozy.program.family() if _is_temporal(each)]
            server.kill()
            killed = time.perf_counter()
            with trio.fail_after(10):
                await compozy.log.wait_ready("worker", generation=2)
            elapsed = time.perf_counter() - killed
            await _executed(compozy)
            return {"elapsed": [elapsed]}


@asynccontextmanager
async def _open_everything(ground: Ground, servers: Mapping[str, str]) -> AsyncIterator[Compozy]:
    """Open one program that does everything: on these servers, or standalone where there are none."""
    mode = "distributed" if servers else "standalone"
    async with open_compozy(ground.project, ground.environ, mode=mode) as compozy:
        yield compozy


@asynccontextmanager
async def _open_api(ground: Ground) -> AsyncIterator[Compozy]:
    async with open_compozy(ground.project, ground.environ, mode="distributed", options=["--no-worker"]) as compozy:
        yield compozy


async def _executed(compozy: Compozy) -> str:
    """Return an execution that has ended."""
    async with compozy.connections(1) as [connection]:
        (await run_in_turn(connection, 1)).all_done_ms()
        _, body = await connection.get(f"{_API}/executions/workflows?limit=1")
        exec_id: str = json.loads(body)["executions"][0]["exec_id"]
        return exec_id


async def _delay(compozy: Compozy) -> float:
    """Execute the workflow whose tool tells when it ended, and return how many seconds later its end was told."""
    async with compozy.connections(2) as [connection, watching]:
        _, body = await connection.post(f"{_API}/workflows/clocked/executions", {"input": {}})
        path = f"{_API}/executions/workflows/{json.loads(body)['exec_id']}"
        told = await _told(watching.events(f"{path}/events"))
        _, body = await connection.get(path)
        [task] = json.loads(body)["tasks"]
        delay: float = told - task["output"]["ended_at"]
        return delay


async def _told(events: Any) -> float:
    """Return when the end of the task is told, on the clock that the tool reads, too."""
    with trio.fail_after(30):
        async with aclosing(events):
            async for event in events:
                if event.get("task_id") and event["status"] == "SUCCESS":
                    return time.monotonic()
    raise BrokenError("the stream ended before the task")


def _is_temporal(process: psutil.Process) -> bool:
    return process.name().startswith("temporal")


JOBS: Final[Mapping[str, Job]] = {
    job.__name__: on_trio(job)
    for job in (
        throughput,
        backlog,
        reads,
        events,
        shutdown,
        worker_shutdown,
        restart,
        worker_restart,
        temporal_restart,
    )
}
