"""Our side: ``compozy serve``, standalone, asked over HTTP for one execution and its result."""

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from itertools import chain as chain_of
from pathlib import Path
from typing import Final

import trio
from support.comparison.job import Job, Samples, Stopwatch, on_trio
from support.compozy_side import Compozy, copy_project, open_compozy
from support.errors import BrokenError
from support.lean_client import Connection
from support.programs import python_environ

from sides.shapes import Shape, add_to, chain, collection, fan

_PATIENCE_S: Final = 290.0


async def sequence(*, folder: str, count: int, length: int, warm_up: int, **_servers: str) -> Samples:
    """Measure runs of one task and of many tasks in a row, by turns."""
    async with _serving(folder, [chain(1), chain(length)]) as compozy:
        return await _by_turns(compozy, chain(1), chain(length), count, warm_up)


async def parallel(*, folder: str, count: int, width: int, warm_up: int, **_servers: str) -> Samples:
    """Measure runs of one task and of many tasks at once, by turns."""
    async with _serving(folder, [chain(1), fan(width)]) as compozy:
        return await _by_turns(compozy, chain(1), fan(width), count, warm_up)


async def items(*, folder: str, sizes: Sequence[int], warm_up: int) -> Samples:
    """Measure collections: the samples are seconds for each item, on the clock and of all processors.

    Smaller ones take their turns before and after the larger ones, so that all meet the same machine.
    """
    samples: dict[str, list[float]] = defaultdict(list)
    async with _serving(folder, [collection(1)]) as compozy, compozy.connections(1) as [connection]:
        for _ in range(warm_up):
            await _run(collection(1), connection)
        for size in _there_and_back(sizes):
            used = _processor_time(compozy)
            samples[f"of_{size}"].append(await _run(collection(size), connection) / size)
            samples[f"cpu_of_{size}"].append((_processor_time(compozy) - used) / size)
    return samples


def _there_and_back(sizes: Sequence[int]) -> Iterator[int]:
    """Return the sizes as they come and go: the largest once, each other one more often the smaller it is."""
    *smaller, largest = sizes
    way = [size for place, size in enumerate(smaller) for _ in range(4 ** (len(smaller) - place - 1))]
    return chain_of(way, (largest,), reversed(way))


def _processor_time(compozy: Compozy) -> float:
    times = [each.cpu_times() for each in compozy.program.family()]
    return sum(each.user + each.system for each in times)


async def three_steps(*, folder: str, count: int, at_once: int, warm_up: int) -> Samples:
    """Measure runs of three tasks, one after the other and then many at once."""
    shape, failures = chain(3), 0
    async with _serving(folder, [shape]) as compozy, compozy.connections(at_once) as connections:
        run = partial(_run, shape)

        async def try_one(connection: Connection) -> None:
            nonlocal failures
            try:
                await run(connection)
            except (BrokenError, trio.BrokenResourceError):
                failures += 1

        for _ in range(warm_up):
            await run(connections[0])
        latency = [await run(connections[0]) for _ in range(count)]
        stopwatch = Stopwatch()
        async with trio.open_nursery() as nursery:
            for connection in connections:
                nursery.start_soon(try_one, connection)
        elapsed = stopwatch.lap()
    return {"latency": latency, "per_second": [(at_once - failures) / elapsed], "failures": [failures]}


async def _by_turns(compozy: Compozy, small: Shape, large: Shape, count: int, warm_up: int) -> Samples:
    async with compozy.connections(1) as [connection]:
        for shape in (small, large) * warm_up:
            await _run(shape, connection)
        pairs = [(await _run(small, connection), await _run(large, connection)) for _ in range(count)]
    return {"small": [small for small, _ in pairs], "large": [large for _, large in pairs]}


async def _run(shape: Shape, connection: Connection) -> float:
    """Run a workflow and return how many seconds it took.

    Raises:
        BrokenError: It came to something else.
    """
    began = time.perf_counter()
    status, body = await connection.post(
        f"/api/v0/workflows/{shape.id}/executions/sync", {"input": dict(shape.input), "timeout": _PATIENCE_S}
    )
    elapsed = time.perf_counter() - began
    outcome = json.loads(body)
    if status != HTTPStatus.OK or outcome["status"] != "SUCCESS" or outcome["output"] != shape.output:
        raise BrokenError(f"{shape.id} came to {status}: {body[:500]!r}")
    return elapsed


@asynccontextmanager
async def _serving(folder: str, shapes: Sequence[Shape]) -> AsyncIterator[Compozy]:
    with _project(shapes) as project:
        environ = {**python_environ(Path(folder, "compiled")), "RATELIMIT_ENABLED": "false"}
        async with open_compozy(project, environ) as compozy:
            yield compozy


@contextmanager
def _project(shapes: Sequence[Shape]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="engine-benchmark-") as home:
        project = copy_project(Path(home, "project"))
        add_to(project, shapes)
        yield project


JOBS: Final[Mapping[str, Job]] = {job.__name__: on_trio(job) for job in (sequence, parallel, items, three_steps)}
