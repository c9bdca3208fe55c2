"""The measure of servers at rest: memory."""

from collections.abc import Sequence
from typing import Final

import psutil
import trio

from support.bench import Bench
from support.compozy_side import run_in_turn
from support.figures import Figure, Samples
from support.sides import open_both_sides

_RUNS: Final = 10
_SETTLE_S: Final = 2.0
_MIB: Final = 1024 * 1024


async def measure_memory(bench: Bench) -> list[Figure]:
    """Measure the memory of all processes of both sides, a while after each has run a few workflows."""
    by_kind: dict[str, Samples] = {}
    for number in bench.each_round("memory"):
        async with open_both_sides(bench, f"memory-{number}") as (compozy, server, plain):
            async with compozy.connections(1) as [connection]:
                (await run_in_turn(connection, _RUNS)).all_done_ms()
            (await plain.run(_RUNS, at_once=False)).all_done_ms()
            await trio.sleep(_SETTLE_S)
            ours = _memory_mib(compozy.program.family())
            theirs = _memory_mib([*server.program.family(), *plain.program.family()])
        for kind, value in ours.items():
            samples = by_kind.setdefault(kind, Samples())
            samples.compozy.append(value)
            samples.bare.append(theirs[kind])
    return [
        Figure(name=f"memory at rest, {kind}", unit="MiB", digits=0, samples=samples)
        for kind, samples in by_kind.items()
    ]


def _memory_mib(processes: Sequence[psutil.Process]) -> dict[str, float]:
    """Return the memory of some processes together: PSS, which counts shared pages once, where it is told; and RSS."""
    infos = [process.memory_full_info() for process in processes]
    kinds = ("pss", "rss") if hasattr(infos[0], "pss") else ("rss",)
    return {kind.upper(): sum(getattr(info, kind) for info in infos) / _MIB for kind in kinds}
