"""Rounds: each side is measured once in each, in an interpreter of its own, in another order every time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from parts.absence import why_missing
from parts.figures import Experiment, Side, Statistic

_SCRIPT: Final = Path(__file__).parent.parent / "side.py"
_ROOT: Final = Path(__file__).parents[3]
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
        rounds: How often each side is measured.
        patience_s: How long one run of one job may take.
        say: Reports progress.
    """

    rounds: int
    patience_s: float
    say: Callable[[str], None]

    def run(self, experiment: Experiment) -> Sequence[Record]:
        """Return what is known of each side, ours first."""
        records = [Record(side) for side in (experiment.ours, *experiment.others)]
        for number in range(self.rounds):
            self.say(f"{experiment.name}: round {number + 1} of {self.rounds}")
            turn = number % len(records)
            for record in (*records[turn:], *records[:turn]):
                if record.unable is None:
                    self._measure(record, experiment)
        return records

    def _measure(self, record: Record, experiment: Experiment) -> None:
        if record.side.job is None:
            record.unable = record.side.why_not
            return
        result = self._start(record.side, {**experiment.arguments, **record.side.arguments})
        if "samples" in result:
            record.runs.append(result["samples"])
            return
        [(kind, text)] = result.items()
        record.unable = f"{kind}: {text}"
        if kind == "missing" and record.side.package is not None:
            record.unable = f"not installed: {why_missing(record.side.package)}"
        self.say(f"{experiment.name}: nothing of {record.side.label}: {record.unable}")

    def _start(self, side: Side, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = [sys.executable, str(_SCRIPT), side.module, str(side.job), json.dumps(arguments)]
        environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
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
