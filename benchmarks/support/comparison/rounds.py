"""Rounds: each side is measured once in each, in an interpreter of its own, in another order every time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from support.comparison import side as one_run
from support.comparison.absence import why_missing
from support.comparison.figures import Experiment, Side, Statistic

_MODULE: Final = "support.comparison.side"
_BENCHMARKS: Final = Path(__file__).parents[2]
_LAST_WORDS_S: Final = 15.0

Run = Mapping[str, Sequence[float]]
"""The samples of one run of a job, by name."""


@attrs.define
class Record:
    """What is known of one side after some rounds.

    Attributes:
        side: Which one.
        runs: The samples of each round.
        unable: Why there are none, or no more; None as long as it goes well.
    """

    side: Side
    runs: list[Run] = attrs.Factory(list)
    unable: str | None = None

    def numbers(self, statistic: Statistic) -> list[float]:
        """Return the number of each round; none when this side has no such thing."""
        try:
            return [statistic(run) for run in self.runs] if self.unable is None else []
        except KeyError:
            return []


@attrs.frozen
class Runner:
    """Runs experiments.

    Attributes:
        folder: Where the package of the sides is.
        provide: Makes a place ready, once, and returns what the jobs know it by.
        rounds: How often each side is measured.
        patience_s: How long one run of one job may take.
        say: Reports progress.
        is_rehearsal: Whether all runs share this interpreter, without limit in time: it tells whether they work at all,
            and that soon; what they measure is worth nothing.
    """

    folder: Path
    provide: Callable[[str], str]
    rounds: int
    patience_s: float
    say: Callable[[str], None]
    is_rehearsal: bool = False

    def run(self, experiment: Experiment) -> Sequence[Record]:
        """Return what is known of each side, ours first."""
        records = [Record(side) for side in (experiment.ours, *experiment.others)]
        try:
            places = {argument: self.provide(place) for argument, place in experiment.places.items()}
        except Exception as error:  # noqa: BLE001 - goes into the table, and the other experiments go on
            for record in records:
                record.unable = f"there is no place for it: {error}"
            return records
        for number in range(self.rounds):
            self.say(f"{experiment.name}: round {number + 1} of {self.rounds}")
            turn = number % len(records)
            for record in (*records[turn:], *records[:turn]):
                if record.unable is None:
                    self._measure(record, experiment.name, {**experiment.arguments, **places})
        return records

    def _measure(self, record: Record, name: str, arguments: Mapping[str, Any]) -> None:
        if record.side.job is None:
            record.unable = record.side.why_not
            return
        side, arguments = record.side, {**arguments, **record.side.arguments}
        rehearse = partial(one_run.run, side.module, str(side.job))
        result = rehearse(arguments) if self.is_rehearsal else self._start(side, arguments)
        if "samples" in result:
            record.runs.append(result["samples"])
            return
        [(kind, text)] = result.items()
        record.unable = f"{kind}: {text}"
        if kind == "missing" and record.side.package is not None:
            record.unable = f"not installed: {why_missing(record.side.package)}"
        self.say(f"{name}: nothing of {record.side.label}: {record.unable}")

    def _start(self, side: Side, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = [sys.executable, "-m", _MODULE, side.module, str(side.job), json.dumps(arguments)]
        folders = (self.folder, _BENCHMARKS, _BENCHMARKS.parent)
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an import is measured as it is the second time
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        ) as process:
            try:
                said, complaints = process.communicate(timeout=self.patience_s)
            except subprocess.TimeoutExpired:
                _interrupt(process)
                return {"broken": f"took longer than {self.patience_s:g} s"}
            except KeyboardInterrupt:
                _interrupt(process)
                raise
        try:
            result: dict[str, Any] = json.loads(said.splitlines()[-1])
        except (IndexError, ValueError):
            last = (complaints.splitlines() or ["nothing"])[-1]
            return {"broken": f"ended with {process.returncode} and said {last}"}
        return result


def _interrupt(process: subprocess.Popen[str]) -> None:
    """End a side as Ctrl-C would, so that it ends what it has started, or else all of it by force."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=_LAST_WORDS_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
