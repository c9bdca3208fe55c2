"""What an idle program does: nothing, it is hoped."""

import resource
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import trio
import trio.testing
from support.comparison.job import Samples

_OURS = 1
"""The end of the wait in which it is measured: one turn of the loop, and one switch of the process before it."""


class _Turns(trio.abc.Instrument):
    """Counts how often the scheduler came back from waiting."""

    def __init__(self) -> None:
        self.count = 0

    def after_io_wait(self, timeout: float) -> None:
        """Count it, unless there was nothing to wait for."""
        if timeout > 0:
            self.count += 1


def measure_idling(
    open_all: Callable[[int], AbstractAsyncContextManager[object]], *, count: int, seconds: float
) -> Samples:
    """Count turns of the scheduler and voluntary switches of the process, in all its threads, while nothing happens."""
    turns = _Turns()

    async def main() -> Samples:
        async with open_all(count):
            await trio.testing.wait_all_tasks_blocked(0.05)
            turns.count, switches = 0, _switches()
            await trio.sleep(seconds)
            return {
                "turns_per_second": [(turns.count - _OURS) / seconds],
                "switches_per_second": [(_switches() - switches - _OURS) / seconds],
            }

    return trio.run(main, instruments=[turns])


def _switches() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
