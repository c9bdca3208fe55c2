"""The command of a comparison: what it can be asked for, the run, and the table that it prints."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs

from support.comparison.figures import Experiment
from support.comparison.rounds import Runner
from support.comparison.table import as_json, layout, reasons, rows

Provide = Callable[[str], str]
"""Makes a place ready, once, and returns what the jobs know it by."""

Say = Callable[[str], None]
"""Reports progress."""


@contextmanager
def no_places(_scale: float, _say: Say):
    """For comparisons whose sides need none."""

    def provide(place: str) -> str:
        raise LookupError(f"there is no place {place!r}")

    yield provide


@attrs.frozen(kw_only=True)
class Comparison:
    """What one program compares.

    Attributes:
        folder: Where its package of sides is.
        description: For ``--help``.
        floor: What is measured with ``--no-peers``, besides ours.
        packages: Whose versions the heading tells.
        experiments: Makes all experiments, with a part of the usual numbers.
        open_places: Opens what makes the experiments' places ready, with the same part of the usual numbers.
    """

    folder: Path
    description: str
    floor: str
    packages: Sequence[str]
    experiments: Callable[[float], Sequence[Experiment]]
    open_places: Callable[[float, Say], AbstractContextManager[Provide]] = no_places


def run(comparison: Comparison, arguments: Sequence[str]) -> int:
    """Measure what the arguments ask for, print the table, and return the exit code."""
    options = _parse(comparison, arguments)
    machine = _describe_machine(comparison.packages)
    offered = [each if options.peers else _without_peers(each) for each in comparison.experiments(options.scale)]
    chosen = [each for each in offered if any(fnmatchcase(each.name, pattern) for pattern in options.only)]
    with comparison.open_places(options.scale, _say) as provide:
        runner = Runner(comparison.folder, provide, options.rounds, options.patience, _say, options.rehearse)
        results = [(experiment, runner.run(experiment)) for experiment in chosen]
    print(machine, layout([row for result in results for row in rows(*result)]), sep="\n\n")
    if unable := list(reasons(results)):
        print("\nn/a:", *unable, sep="\n  ")
    if options.json is not None:
        options.json.write_text(json.dumps([as_json(*result) for result in results], indent=2) + "\n")
    return 0


def _parse(comparison: Comparison, arguments: Sequence[str]) -> argparse.Namespace:
    names = [experiment.name for experiment in comparison.experiments(1)]
    parser = argparse.ArgumentParser(
        description=comparison.description, epilog="The exit code says nothing about the aims: this is a measurement."
    )
    parser.add_argument(
        "--only",
        default=["*"],
        type=lambda text: text.split(","),
        metavar="NAME,...",
        help=f"{', '.join(names)}; * stands for anything",
    )
    parser.add_argument(
        "--rounds", default=5, type=int, metavar="N", help="how often each side is measured (default: 5)"
    )
    parser.add_argument("--scale", default=1.0, type=float, metavar="PART", help="of the usual numbers")
    parser.add_argument(
        "--patience", default=120.0, type=float, metavar="S", help="for one run of one side (default: 120)"
    )
    parser.add_argument(
        "--peers",
        default=True,
        action=argparse.BooleanOptionalAction,
        help=f"measure peers too, not {comparison.floor} alone",
    )
    parser.add_argument(
        "--rehearse", action="store_true", help="run all in one interpreter: quick, and the figures are worth nothing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    options = parser.parse_args(arguments)
    for pattern in options.only:
        if not any(fnmatchcase(name, pattern) for name in names):
            parser.error(f"there is no experiment {pattern!r}; there are {', '.join(names)}")
    if options.rounds < 1 or options.scale <= 0:
        parser.error("--rounds and --scale must be positive")
    return options


def _without_peers(experiment: Experiment) -> Experiment:
    """Return the experiment against those sides that need nothing which ours does not need."""
    return attrs.evolve(experiment, others=[side for side in experiment.others if side.package is None])


def _describe_machine(packages: Sequence[str]) -> str:
    """Return what the figures depend on."""
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    return f"{system}; load average before: {load}\n" + ", ".join(f"{name} {_version(name)}" for name in packages)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
