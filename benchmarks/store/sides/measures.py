"""The measures, the same for all sides."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from itertools import count as counter
from typing import Any, Final

from support.comparison.job import Job, Samples, Stopwatch

from sides.client import Side
from sides.preparing import fresh
from sides.records import TREE, exec_id, execution, executions, position, tasks

Measure = Callable[..., Awaitable[Samples]]

WARM_UP: Final = 20
"""Statements are prepared, threads started and connections opened before anything counts."""

_STRIDE: Final = 7919
"""A prime: what is read lies all over the table."""


def jobs(side: Side) -> Mapping[str, Job]:
    """Return all that can be measured of a side."""

    def job(measure: Measure) -> Job:
        def run(**arguments: Any) -> Samples:
            return side.run(partial(measure, side, **arguments))

        return run

    def job_on_fresh(measure: Measure) -> Job:
        def run(*, place: str, **arguments: Any) -> Samples:
            with fresh(place) as copy:
                return side.run(partial(measure, side, place=copy, **arguments))

        return run

    return {
        "read": job(_read),
        "read_at_once": job(_read_at_once),
        "write": job_on_fresh(_write),
        "write_at_once": job_on_fresh(_write_at_once),
        "write_tasks": job_on_fresh(_write_tasks),
        "page": job(_page),
        "tree": job(_tree),
    }


async def _read(side: Side, *, place: str, rows: int, count: int) -> Samples:
    """Read executions, one after the other."""
    latencies = []
    async with side.open(place) as client:
        for number in _scattered(rows, WARM_UP):
            assert await client.read(exec_id(number)) == execution(number)
        clock = Stopwatch()
        for number in _scattered(rows, count):
            wanted = exec_id(number)
            began = time.perf_counter()
            state = await client.read(wanted)
            latencies.append(time.perf_counter() - began)
            assert state.exec_id == wanted
        elapsed = clock.lap()
    return {"latency": latencies, "per_second": [count / elapsed]}


async def _read_at_once(side: Side, *, place: str, rows: int, count: int, workers: int) -> Samples:
    """Read executions, so many at once."""
    async with side.open(place) as client:

        async def read() -> None:
            for number in numbers:
                assert (await client.read(exec_id(number))).workflow_id == f"workflow-{number % 10}"

        numbers = _scattered(rows, workers * 2)
        await side.together(read, workers)
        numbers = _scattered(rows, count)
        clock = Stopwatch()
        await side.together(read, workers)
        elapsed = clock.lap()
    return {"per_second": [count / elapsed]}


async def _write(side: Side, *, place: str, count: int) -> Samples:
    """Write new executions, one after the other, each in a transaction of its own."""
    states = list(executions(WARM_UP + count))
    async with side.open(place) as client:
        for state in states[:WARM_UP]:
            assert await client.write(state) == state
        clock = Stopwatch()
        for state in states[WARM_UP:]:
            await client.write(state)
        elapsed = clock.lap()
        for number in _scattered(len(states), WARM_UP):
            assert await client.read(exec_id(number)) == states[number]
    return {"per_second": [count / elapsed]}


async def _write_at_once(side: Side, *, place: str, count: int, workers: int) -> Samples:
    """Write new executions, so many at once, each in a transaction of its own."""
    states = list(executions(workers * 2 + count))
    async with side.open(place) as client:

        async def write() -> None:
            for state in waiting:
                await client.write(state)

        waiting = iter(states[: workers * 2])
        await side.together(write, workers)
        waiting = iter(states[workers * 2 :])
        clock = Stopwatch()
        await side.together(write, workers)
        elapsed = clock.lap()
        for number in _scattered(len(states), WARM_UP):
            assert await client.read(exec_id(number)) == states[number]
    return {"per_second": [count / elapsed]}


async def _write_tasks(side: Side, *, place: str, count: int, batches: int) -> Samples:
    """Write new tasks of one execution, a thousand or so in each transaction."""
    owner = execution(0)
    made = [tasks(count, owner=owner.exec_id, prefix=f"batch{number}") for number in range(batches + 1)]
    async with side.open(place) as client:
        await client.write(owner)
        assert list(await client.write_tasks(made[0])) == made[0]
        clock = Stopwatch()
        for batch in made[1:]:
            assert len(await client.write_tasks(batch)) == count
        elapsed = clock.lap()
    return {"per_second": [batches * count / elapsed]}


async def _page(side: Side, *, small: str, large: str, rows: Mapping[str, int], count: int, limit: int) -> Samples:
    """Read pages of a short and of a long listing, by turns: the first page, and one in the middle."""
    samples: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(side.open(place))
            for name, place in (("small", small), ("large", large))
        }
        for number in counter(-WARM_UP):
            if number == count:
                return samples
            for name, client in clients.items():
                for kind, first in (("first", rows[name] - 1), ("middle", rows[name] // 2 - number - 1)):
                    after = None if kind == "first" else position(first + 1)
                    began = time.perf_counter()
                    states = await client.page(after, limit)
                    elapsed = time.perf_counter() - began
                    assert [states[0].exec_id, states[-1].exec_id] == [exec_id(first), exec_id(first - limit + 1)]
                    if number >= 0:
                        samples.setdefault(f"{kind}_{name}", []).append(elapsed)
    return samples


async def _tree(side: Side, *, place: str, count: int, repeat: int) -> Samples:
    """Read the tree of one execution's tasks."""
    elapsed = []
    async with side.open(place) as client:
        for _ in range(repeat):
            clock = Stopwatch()
            nodes = await client.tree(TREE)
            elapsed.append(clock.lap())
            assert len(nodes) == count
            assert [node.depth for node in nodes[:3]] == [0, 1, 2]
    return {"elapsed": elapsed}


def _scattered(rows: int, count: int) -> Iterator[int]:
    return (number * _STRIDE % rows for number in range(count))
