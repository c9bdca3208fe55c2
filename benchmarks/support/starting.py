"""Measures of starting and stopping: startup and shutdown."""

from pathlib import Path
from typing import Final

from support.bare_side import open_bare_server
from support.bench import Bench, take_turns
from support.compozy_side import open_compozy
from support.figures import Aim, Figure, Samples

_READY: Final = Aim("value", "<=", 1.0)


async def measure_startup(bench: Bench) -> list[Figure]:
    """Measure from the start of the process to readiness, in a folder that is new and in one that was used before."""
    used = bench.new_project("used"), bench.new_folder("used")
    in_fresh, in_used, uncounted = Samples(), Samples(), Samples()
    await _start_both(bench, 0, *used, uncounted)  # whereby they become used
    for number in bench.each_round("startup"):
        fresh = bench.new_project(f"fresh-{number}"), bench.new_folder(f"fresh-{number}")
        await _start_both(bench, number, *fresh, in_fresh)
        await _start_both(bench, number, *used, in_used)
    return [
        Figure(name="startup, fresh folder", unit="s", digits=3, samples=in_fresh, aim=_READY),
        Figure(name="startup, used folder", unit="s", digits=3, samples=in_used, aim=_READY),
    ]


async def _start_both(bench: Bench, number: int, project: Path, folder: Path, samples: Samples) -> None:
    async def start_compozy() -> None:
        async with open_compozy(project, bench.environ) as compozy:
            samples.compozy.append(compozy.ready_after_s)

    async def start_bare() -> None:
        async with open_bare_server(folder, bench.sdk) as server:
            samples.bare.append(server.ready_after_s)

    await take_turns(number, start_compozy, start_bare)


async def measure_shutdown(bench: Bench) -> list[Figure]:
    """Measure from SIGTERM to the exit of the process, with nothing under way."""
    project, folder = bench.new_project("shutdown"), bench.new_folder("shutdown")
    samples = Samples()

    async def stop_compozy() -> None:
        async with open_compozy(project, bench.environ) as compozy:
            samples.compozy.append(await compozy.program.end())

    async def stop_bare() -> None:
        async with open_bare_server(folder, bench.sdk) as server:
            samples.bare.append(await server.program.end())

    for number in bench.each_round("shutdown"):
        await take_turns(number, stop_compozy, stop_bare)
    return [Figure(name="shutdown, SIGTERM to exit", unit="s", digits=3, samples=samples)]
