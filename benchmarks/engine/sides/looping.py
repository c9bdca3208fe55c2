"""What peers on asyncio have in common: one workflow, many times in a row, and many times at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from support.comparison.job import Samples, Stopwatch
from support.errors import BrokenError

_TEXT: Final = "hello"


async def measure_steps(run: Callable[[str], Awaitable[str]], *, count: int, at_once: int, warm_up: int) -> Samples:
    """Measure runs of a workflow that returns its text.

    Args:
        run: Runs it.
        count: How many in a row.
        at_once: How many at once.
        warm_up: How many before anything counts.
    """
    for _ in range(warm_up):
        await _run(run)
    latency = [await _run(run) for _ in range(count)]
    stopwatch = Stopwatch()
    results = await asyncio.gather(*(_run(run) for _ in range(at_once)), return_exceptions=True)
    elapsed = stopwatch.lap()
    failures = sum(isinstance(result, BaseException) for result in results)
    return {"latency": latency, "per_second": [(at_once - failures) / elapsed], "failures": [failures]}


async def _run(run: Callable[[str], Awaitable[str]]) -> float:
    began = time.perf_counter()
    text = await run(_TEXT)
    elapsed = time.perf_counter() - began
    if text != _TEXT:
        raise BrokenError(f"the workflow came to {text!r}")
    return elapsed
