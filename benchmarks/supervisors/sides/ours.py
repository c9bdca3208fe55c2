"""Our side: the supervision library of this checkout."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import trio
from support.comparison.job import Job, Samples, Stopwatch, on_trio

from sides.idling import measure_idling
from sides.importing import measure_import
from sides.lives import whole_life
from sides.memory import measure_memory
from sides.processes import COMMAND, measure_replacements
from sides.shapes import Shape, growing
from supervisors import Backoff, Tree

_AT_ONCE = Backoff(base=0)
_PLENTY = 1_000_000
"""Failures in a row that are forgiven: more than any measure brings about."""


async def _serve(ctx: Any) -> None:
    ctx.started()
    await ctx.stopping.wait()


def _plant(count: int, shape: Shape) -> Tree:
    tree = Tree(f"{count} in a {shape}", shutdown=600)
    for number in range(count):
        below = {"flat": None, "chain": number - 1, "star": 0}[shape]
        needs = (f"a{below}",) if below is not None and number else ()
        tree.add(_serve, name=f"a{number}", needs=needs, start_timeout=600)
    return tree


@asynccontextmanager
async def _open_tree(count: int) -> AsyncIterator[None]:
    async with _plant(count, "flat").open():
        yield


async def lifecycle(count: int, shape: Shape = "flat") -> Samples:
    """Declare a tree, start it until all is ready, and stop it."""
    clock = Stopwatch()
    opening = _plant(count, shape).open()
    build = clock.lap()
    clock = Stopwatch()
    async with opening:
        start = clock.lap()
    stop = clock.lap()
    return {"build": [build], **whole_life(count, start=start, stop=stop)}


async def restart(count: int) -> Samples:
    """Let an actor crash in a small tree: two that it needs, one beside them, and one that wants it."""
    crash, back = trio.Event(), trio.Event()
    crashed_at = 0.0
    latencies: list[float] = []
    tree = Tree("small")
    for name in ("store", "cache", "beside"):
        tree.add(_serve, name=name)

    @tree.actor(needs=("store", "cache"), retries=_PLENTY, backoff=_AT_ONCE)
    async def fragile(ctx: Any) -> None:
        nonlocal crash, crashed_at
        crash = trio.Event()
        ctx.started()
        if crashed_at:
            latencies.append(time.perf_counter() - crashed_at)
        back.set()
        await crash.wait()
        crashed_at = time.perf_counter()
        raise RuntimeError("made to crash")

    tree.add(_serve, name="http", wants=("fragile",))
    async with tree.open():
        for _ in range(count):
            await back.wait()
            back = trio.Event()
            crash.set()
        await back.wait()
    return {"latency": latencies}


async def ask(count: int) -> Samples:
    """Ask an actor, one question after the other."""
    tree = Tree("asked")

    @tree.actor(inbox=64)
    async def echo(ctx: Any) -> None:
        ctx.started()
        async for letter in ctx.inbox:
            letter.reply(letter.message)

    async with tree.open() as live:
        asked = live[echo]
        clock = Stopwatch()
        for number in range(count):
            assert await asked.ask(number) == number
        elapsed = clock.lap()
    return {"per_second": [count / elapsed]}


async def process(count: int) -> Samples:
    """Kill the child process of an actor that is started again at once."""

    async def keep_running(folder: str) -> None:
        tree = Tree("child")

        @tree.actor(retries=_PLENTY, backoff=_AT_ONCE)
        async def child(ctx: Any) -> None:
            await ctx.process([*COMMAND, folder])

        async with tree.open():
            await trio.sleep_forever()

    return await measure_replacements(count, keep_running)


JOBS: dict[str, Job] = {
    "lifecycle": on_trio(lifecycle),
    "growth": growing(lifecycle),
    "restart": on_trio(restart),
    "ask": on_trio(ask),
    "process": on_trio(process),
    "idle": partial(measure_idling, _open_tree),
    "memory": partial(measure_memory, _open_tree),
    "import_": partial(measure_import, "supervisors", beyond="trio"),
}
