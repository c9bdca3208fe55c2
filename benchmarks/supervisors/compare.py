"""How fast the supervision library is, beside bare Trio and its peers: all sides in one run, taking turns.

    python benchmarks/supervisors/compare.py
    python benchmarks/supervisors/compare.py --only restart,ask --rounds 3 --scale 0.1 --json result.json

`make bench-supervisors` runs it where the peers are installed. What is measured, and how to read it:
docs/reference/benchmarks.md.
"""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from parts.experiments import experiments, without_peers
from parts.rounds import Runner
from parts.table import as_json, layout, reasons, rows

_PACKAGES: Final = ("trio", "attrs", "triotp", "tricycle", "pykka", "mode-streaming", "circus", "supervisor")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    names = [experiment.name for experiment in experiments(1)]
    parser = argparse.ArgumentParser(
        description="Measure the supervision library against bare Trio and its peers.",
        epilog="The exit code says nothing about the aims: this is a measurement.",
    )
    parser.add_argument(
        "--only", default=names, type=lambda text: text.split(","), metavar="NAME,...", help=", ".join(names)
    )
    parser.add_argument(
        "--rounds", default=5, type=int, metavar="N", help="how often each side is measured (default: 5)"
    )
    parser.add_argument("--scale", default=1.0, type=float, metavar="PART", help="of the actors, questions and crashes")
    parser.add_argument(
        "--patience", default=120.0, type=float, metavar="S", help="for one run of one side (default: 120)"
    )
    parser.add_argument(
        "--peers", default=True, action=argparse.BooleanOptionalAction, help="measure peers too, not bare Trio alone"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    options = parser.parse_args(arguments)
    if unknown := set(options.only) - set(names):
        parser.error(f"there is no experiment {min(unknown)!r}; there are {', '.join(names)}")
    if options.rounds < 1 or options.scale <= 0:
        parser.error("--rounds and --scale must be positive")
    return options


def describe_machine() -> str:
    """Return what the figures depend on."""
    load = " ".join(f"{each:.2f}" for each in os.getloadavg())
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    return f"{system}; load average before: {load}\n" + ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def main(arguments: Sequence[str]) -> int:
    options = parse_arguments(arguments)
    machine = describe_machine()
    runner = Runner(options.rounds, options.patience, lambda text: print(text, file=sys.stderr, flush=True))
    offered = [each if options.peers else without_peers(each) for each in experiments(options.scale)]
    chosen = [experiment for experiment in offered if experiment.name in options.only]
    results = [(experiment, runner.run(experiment)) for experiment in chosen]
    print(machine, layout([row for result in results for row in rows(*result)]), sep="\n\n")
    if unable := list(reasons(results)):
        print("\nn/a:", *unable, sep="\n  ")
    if options.json is not None:
        options.json.write_text(json.dumps([as_json(*result) for result in results], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
