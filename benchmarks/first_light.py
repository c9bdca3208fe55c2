"""How fast Compozy is, standalone, next to the Temporal that it stands on: both sides in one run, taking turns.

    python benchmarks/first_light.py
    python benchmarks/first_light.py --only latency,throughput --rounds 2 --json result.json

What is measured, and how to read it: docs/reference/benchmarks.md.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import trio
from support import machine
from support.bare_side import Sdk
from support.bench import Bench
from support.errors import BrokenError
from support.figures import Figure, table
from support.programs import python_environ
from support.resting import measure_memory
from support.sides import warm_up
from support.starting import measure_shutdown, measure_startup
from support.working import measure_latency, measure_throughput

from compozy.bridge import open_asyncio_host
from compozy.domain.errors import CompozyError
from compozy.drivers.temporal.connection import make_runtime

MEASURES: Final[Mapping[str, Callable[[Bench], Awaitable[list[Figure]]]]] = {
    "startup": measure_startup,
    "latency": measure_latency,
    "throughput": measure_throughput,
    "memory": measure_memory,
    "shutdown": measure_shutdown,
}


@attrs.frozen(kw_only=True)
class Result:
    """What a run of the benchmark came to.

    Attributes:
        machine: What was measured on.
        figures: What was measured.
        broken: Why measures came to nothing, by their names.
    """

    machine: dict[str, Any]
    figures: list[Figure] = attrs.Factory(list)
    broken: dict[str, str] = attrs.Factory(dict)

    def as_text(self) -> str:
        """Return it for people."""
        parts = ["\n".join(machine.lines(self.machine))]
        if self.figures:
            parts.append(table(self.figures))
        parts += [f"{name} came to nothing: {reason}" for name, reason in self.broken.items()]
        return "\n\n".join(parts)

    def as_json(self) -> str:
        """Return it for programs, every sample included."""
        figures = [figure.as_json() for figure in self.figures]
        return json.dumps({"machine": self.machine, "figures": figures, "broken": self.broken}, indent=2) + "\n"


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure Compozy, standalone, against the bare Temporal dev server and the plain Temporal SDK.",
        epilog="The exit code says nothing about the aims: this is a measurement.",
    )
    parser.add_argument(
        "--only", type=_measure_names, default=list(MEASURES), metavar="NAME,...", help=f"of {', '.join(MEASURES)}"
    )
    parser.add_argument(
        "--rounds", type=_positive, default=5, metavar="N", help="how often each side is measured (default: 5)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there too")
    return parser.parse_args(arguments)


def _measure_names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in MEASURES]:
        raise argparse.ArgumentTypeError(f"there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    return [name for name in MEASURES if name in names]


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


async def measure(names: Sequence[str], rounds: int, result: Result) -> None:
    """Measure into the result. A measure that breaks is noted, and the next one goes on."""
    with tempfile.TemporaryDirectory(prefix="compozy-benchmark-") as folder:
        async with open_asyncio_host("benchmark-sdk") as host:
            sdk = Sdk(host=host, runtime=make_runtime())
            environ = python_environ(Path(folder, "pycache"))
            bench = Bench(rounds=rounds, workspace=Path(folder), environ=environ, sdk=sdk, say=_say)
            steps = {"warm-up": warm_up} | {name: MEASURES[name] for name in names}
            for name, step in steps.items():
                try:
                    result.figures.extend(await step(bench))
                except* (BrokenError, CompozyError, trio.TooSlowError) as errors:
                    result.broken[name] = "; ".join(str(error) or type(error).__name__ for error in _leaves(errors))


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


async def run_until_signal(run: Callable[[], Awaitable[None]]) -> int:
    """Run to the end and return 0; on SIGINT or SIGTERM end everything in order and return 128 plus the signal."""
    code = 0
    running = trio.CancelScope()

    async def watch() -> None:
        nonlocal code
        async for number in signals:
            _say("stopping what was started")
            code = code or 128 + number
            running.cancel()

    # Signals are caught until everything has ended: a second one must not cut that short and leave servers behind.
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            with running:
                await run()
            nursery.cancel_scope.cancel()
    return code


def main(arguments: Sequence[str]) -> int:
    options = parse_arguments(arguments)
    result = Result(machine=machine.describe_machine())
    code = trio.run(run_until_signal, partial(measure, options.only, options.rounds, result))
    print(result.as_text())
    if options.json is not None:
        options.json.write_text(result.as_json())
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
