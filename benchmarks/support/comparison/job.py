"""What a job is, and what all jobs need."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import trio

Samples = Mapping[str, Sequence[float]]
"""What was measured, by name."""

Job = Callable[..., Samples]
"""Measures once; takes what the experiment says, by name."""


class Stopwatch:
    """Takes the time in laps, beginning when no garbage of the preparation is left."""

    def __init__(self) -> None:
        gc.collect()
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        before, self._last = self._last, time.perf_counter()
        return self._last - before


def on_trio(measure: Callable[..., Any]) -> Job:
    """Return the job of running an async measure on Trio."""

    def run(**arguments: Any) -> Samples:
        async def main() -> Samples:
            samples: Samples = await measure(**arguments)
            return samples

        return trio.run(main)

    return run
