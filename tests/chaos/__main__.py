"""``python -m tests.chaos``: kill things while executions run, and see whether all that was promised holds."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import SystemRandom
from time import monotonic

import click
import trio

from .distributed import open_distributed
from .standalone import open_standalone
from .storm import Report, Storm, unleash
from .timeline import Timeline

_SCENES = {"standalone": open_standalone, "distributed": open_distributed}


def main(arguments: list[str]) -> int:
    """Unleash storms; return the exit code: 1 when a law was broken."""
    options = _parse(arguments)
    deadline = monotonic() + options.minutes * 60
    for number, seed in enumerate(_seeds(options.seed)):
        if number and monotonic() > deadline:
            return 0
        for mode in options.mode or _SCENES:
            if not _weather(options, mode, seed):
                return 1
    return 0


def _weather(options: argparse.Namespace, mode: str, seed: int) -> bool:
    """Carry out one storm and tell of it; return whether all laws hold."""
    storm = Storm(
        name=mode,
        scene=_SCENES[mode],
        seed=seed,
        executions=options.executions,
        at_once=options.at_once,
        strikes=options.strikes,
        limit_s=options.limit,
        keep=options.keep,
    )
    click.echo(f"{mode}, seed {seed}:")
    report, lines = trio.run(_carry_out, storm, click.echo if options.verbose else _ignore)
    click.echo(report.summary)
    if report.breaches:
        click.echo("\n".join([*([] if options.verbose else lines), *report.breaches]))
        click.echo(f"repeat it with: --mode {mode} --seed {seed}")
    return not report.breaches


async def _carry_out(storm: Storm, show: Callable[[str], None]) -> tuple[Report, list[str]]:
    timeline = Timeline(show)
    return await unleash(storm, timeline), timeline.lines


def _seeds(first: int | None) -> Iterator[int]:
    seed = first if first is not None else SystemRandom().randrange(10**6)
    while True:
        yield seed
        seed += 1


def _ignore(_line: str) -> None:
    pass


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--mode", action="append", choices=list(_SCENES), help="which; all when not said")
    parser.add_argument("--seed", type=int, help="what all chance comes from; any when not said")
    parser.add_argument("--executions", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--strikes", type=int, default=40)
    parser.add_argument("--limit", type=float, default=900.0, metavar="SECONDS", help="of one storm")
    parser.add_argument("--minutes", type=float, default=0.0, help="go on with other seeds for so long")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the logs go when a law is broken")
    parser.add_argument("--verbose", action="store_true", help="tell what happens as it happens")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
