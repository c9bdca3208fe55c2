"""The floor of the workers: the plain Temporal SDK, on asyncio, with and without a durable record of its own."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio
from support.comparison.job import Job, Samples, on_trio
from support.figures import Runs
from support.programs import START_PATIENCE_S, LineReader, Program, open_program

from sides.backlog import Backlog
from sides.standing import CpuMeter, on_ground

_PROGRAMS: Final = Path(__file__).parents[1] / "programs"
_WARM_UP: Final = 40

WORKFLOW: Final = "plain"
"""What ``programs/record.py`` writes as the workflow."""


class _Talker:
    """A program that answers lines with lines, each an object in JSON."""

    def __init__(self, program: Program) -> None:
        assert program.process.stdout is not None
        self.program = program
        self._lines = LineReader(program.process.stdout)

    async def ask(self, **order: Any) -> dict[str, Any]:
        """Return what it answers to an order.

        Raises:
            BrokenError: It has ended.
        """
        assert self.program.process.stdin is not None
        await self.program.process.stdin.send_all(f"{json.dumps(order)}\n".encode())
        return await self.read()

    async def read(self) -> dict[str, Any]:
        """Return what it says next; raises as :meth:`ask`."""
        line = await self._lines.read()
        if line is None:
            raise self.program.broken("has ended")
        said: dict[str, Any] = json.loads(line)
        return said


async def throughput(
    *, folder: str, count: int, at_once: int, workers: int, temporal: str, record: str | None = None, **_others: str
) -> Samples:
    """Measure how many workflows are done in a second, started by one client, by so many workers.

    Args:
        folder: What outlives the run.
        count: How many are measured.
        at_once: How many there are at any time.
        workers: How many processes work.
        temporal: The server.
        record: The database that keeps the record; None: there is none.
    """
    addresses = [temporal] if record is None else [temporal, record]
    with on_ground(folder, {}) as ground:
        open_ = partial(_open, environ=ground.environ)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(open_("plain_client.py", *addresses))
            staff = [await stack.enter_async_context(open_("plain_worker.py", *addresses)) for _ in range(workers)]
            Runs(**await client.ask(runs=_WARM_UP * workers, at_once=at_once)).all_done_ms()
            meter = CpuMeter([each.program for each in (client, *staff)])
            runs = Runs(**await client.ask(runs=count, at_once=at_once))
            used = meter.lap()
        runs.all_done_ms()
        return {"per_second": [runs.per_second], "cpu": [used / count]}


async def recorded_throughput(*, postgres: str, **arguments: Any) -> Samples:
    """Measure the same, with each execution and its task recorded."""
    return await throughput(record=postgres, **arguments)


async def recorded_backlog(
    *, folder: str, count: int, at_once: int, workers: int, temporal: str, postgres: str, **_others: str
) -> Samples:
    """Measure how many workflows that wait for workers are done in a second, by so many, with the same record."""
    with on_ground(folder, {}) as ground:
        open_ = partial(_open, environ=ground.environ)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(open_("plain_client.py", temporal, postgres))
            waiting = Backlog(postgres, WORKFLOW, count)
            Runs(**await client.ask(runs=count, at_once=at_once, waits=False)).all_done_ms()
            for _ in range(workers):
                await stack.enter_async_context(open_("plain_worker.py", temporal, postgres))
            return {"per_second": [await waiting.rate()]}


async def worker_shutdown(*, folder: str, temporal: str, **_others: str) -> Samples:
    """Measure from SIGTERM to the exit of a worker, with nothing under way."""
    with on_ground(folder, {}) as ground:
        async with _open("plain_worker.py", temporal, environ=ground.environ) as worker:
            return {"elapsed": [await worker.program.end()]}


async def worker_restart(*, folder: str, temporal: str, **_others: str) -> Samples:
    """Measure from kill -9 of a worker until its successor asks for work."""
    with on_ground(folder, {}) as ground:
        async with _open("plain_worker.py", temporal, environ=ground.environ) as worker:
            worker.program.process.kill()
            killed = time.perf_counter()
            await worker.program.process.wait()
        async with _open("plain_worker.py", temporal, environ=ground.environ):
            return {"elapsed": [time.perf_counter() - killed]}


@asynccontextmanager
async def _open(script: str, *arguments: str, environ: Mapping[str, str]) -> AsyncIterator[_Talker]:
    """Start a program; yield when it says that it is ready."""
    argv = [sys.executable, str(_PROGRAMS / script), *arguments]
    async with open_program(
        argv, name=script, environ=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        talker = _Talker(program)
        with trio.fail_after(START_PATIENCE_S):
            await talker.read()
        yield talker


JOBS: Final[Mapping[str, Job]] = {
    job.__name__: on_trio(job)
    for job in (throughput, recorded_throughput, recorded_backlog, worker_shutdown, worker_restart)
}
