"""Measures of servers at work: latency and throughput of one-task workflows.

Both sides are up all the time; whichever is not being measured has nothing to do.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from support.bench import Bench, take_turns
from support.compozy_side import run_at_once, run_in_turn
from support.figures import Aim, Figure, Runs, Samples
from support.sides import open_both_sides

BLOCK: Final = 10
"""How many workflows run in a row before it is the other side's turn."""

BURST: Final = 300
"""How many run at once."""

_LATENCY: Final = Aim("ratio", "<=", 1.3)
_THROUGHPUT: Final = Aim("ratio", ">=", 0.9)
_NO_FAILURES: Final = Aim("value", "<=", 0)


async def measure_latency(bench: Bench) -> list[Figure]:
    """Measure workflows that run one after the other, in blocks by turns."""
    samples, uncounted = Samples(), Samples()
    async with (
        open_both_sides(bench, "latency") as (compozy, _, plain),
        compozy.connections(1) as [connection],
    ):

        async def run_compozy(into: Samples) -> None:
            into.compozy.extend((await run_in_turn(connection, BLOCK)).all_done_ms())

        async def run_plain(into: Samples) -> None:
            into.bare.extend((await plain.run(BLOCK, at_once=False)).all_done_ms())

        await take_turns(0, partial(run_compozy, uncounted), partial(run_plain, uncounted))  # warms both sides up
        for number in bench.each_round("latency"):
            await take_turns(number, partial(run_compozy, samples), partial(run_plain, samples))
    return [
        Figure(name="latency, p50", unit="ms", digits=1, samples=samples, aim=_LATENCY),
        Figure(name="latency, p95", unit="ms", digits=1, statistic="p95", samples=samples),
    ]


async def measure_throughput(bench: Bench) -> list[Figure]:
    """Measure many workflows at once."""
    per_second, failed, client_cpu = Samples(), Samples(), Samples()
    failures: list[str] = []

    def note(runs: Runs, rates: list[float], counts: list[float]) -> None:
        rates.append(runs.per_second)
        counts.append(len(runs.failures))
        failures.extend(runs.failures)

    async with (
        open_both_sides(bench, "throughput") as (compozy, _, plain),
        compozy.connections(BURST) as connections,
    ):

        async def run_compozy() -> None:
            used = time.process_time()
            note(await run_at_once(connections), per_second.compozy, failed.compozy)
            client_cpu.compozy.append(time.process_time() - used)

        async def run_plain() -> None:
            note(await plain.run(BURST, at_once=True), per_second.bare, failed.bare)

        (await run_at_once(connections[:BLOCK])).all_done_ms()  # warms both sides up
        (await plain.run(BLOCK, at_once=True)).all_done_ms()
        for number in bench.each_round("throughput"):
            await take_turns(number, run_compozy, run_plain)
    for failure in _different(failures):
        bench.say(f"throughput: a workflow failed: {failure}")
    name = f"{BURST} at once"
    return [
        Figure(name=f"{name}, throughput", unit="wf/s", digits=1, samples=per_second, aim=_THROUGHPUT),
        Figure(name=f"{name}, failed", digits=0, statistic="sum", samples=failed, aim=_NO_FAILURES),
        Figure(name=f"{name}, CPU of the HTTP client", unit="s", digits=2, samples=client_cpu),
    ]


def _different(failures: Sequence[str]) -> Sequence[str]:
    """Return a few failures that differ: there may be hundreds alike."""
    return list(dict.fromkeys(failures))[:5]
