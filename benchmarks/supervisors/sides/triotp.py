"""triotp: supervisors and generic servers after OTP, on Trio.

Its supervisor does not tell when a child is ready: a child counts as ready once it runs. There is no stop but
cancellation.
"""

import sys
import time
from typing import Any

import logbook
import trio
import trio.testing
from support.comparison.job import Job, Samples, Stopwatch, on_trio
from triotp import gen_server, mailbox, supervisor

from sides.lives import whole_life

_UNLIMITED = supervisor.options(max_restarts=1_000_000, max_seconds=1)


async def lifecycle(count: int) -> Samples:
    """Start children of one supervisor until all run, and cancel it."""
    missing = count
    all_run = trio.Event()

    async def serve() -> None:
        nonlocal missing
        missing -= 1
        if not missing:
            all_run.set()
        await trio.sleep_forever()

    children = [supervisor.child_spec(id=str(number), task=serve, args=[]) for number in range(count)]
    clock = Stopwatch()
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.start, children, _UNLIMITED)
        await all_run.wait()
        start = clock.lap()
        nursery.cancel_scope.cancel()
    stop = clock.lap()
    return whole_life(count, start=start, stop=stop)


async def restart(count: int) -> Samples:
    """Let a child crash, and be run again."""
    crash, back = trio.Event(), trio.Event()
    crashed_at = 0.0
    latencies: list[float] = []

    async def fragile() -> None:
        nonlocal crash, crashed_at
        if crashed_at:
            latencies.append(time.perf_counter() - crashed_at)
        crash = trio.Event()
        back.set()
        await crash.wait()
        crashed_at = time.perf_counter()
        raise RuntimeError("made to crash")

    children = [supervisor.child_spec(id="fragile", task=fragile, args=[])]
    with logbook.NullHandler().applicationbound():
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.start, children, _UNLIMITED)
            for _ in range(count):
                await back.wait()
                back = trio.Event()
                crash.set()
            await back.wait()
            nursery.cancel_scope.cancel()
    return {"latency": latencies}


async def ask(count: int) -> Samples:
    """Call a generic server, again and again."""
    mailbox._init()  # noqa: SLF001 - what its `node.run` does, which insists on running Trio itself
    async with trio.open_nursery() as nursery:
        nursery.start_soon(gen_server.start, sys.modules[__name__], None, "echo")
        await trio.testing.wait_all_tasks_blocked()  # it does not tell when it is there
        clock = Stopwatch()
        for number in range(count):
            assert await gen_server.call("echo", number) == number
        elapsed = clock.lap()
        nursery.cancel_scope.cancel()
    return {"per_second": [count / elapsed]}


async def init(argument: Any) -> Any:
    """Make the state of the generic server."""
    return argument


async def handle_call(message: Any, _caller: Any, state: Any) -> tuple[gen_server.Reply, Any]:
    """Answer a call."""
    return gen_server.Reply(payload=message), state


JOBS: dict[str, Job] = {"lifecycle": on_trio(lifecycle), "restart": on_trio(restart), "ask": on_trio(ask)}
