"""What each of many actors or tasks takes of Python's memory."""

import gc
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import trio
from support.comparison.job import Samples


def measure_memory(open_all: Callable[[int], AbstractAsyncContextManager[object]], *, count: int) -> Samples:
    """Measure the growth from before they were declared until all are ready, shared out among them."""

    async def main() -> Samples:
        async with open_all(1):  # what is allocated once, however many there are
            pass
        gc.collect()
        tracemalloc.start()
        async with open_all(count):
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return {"bytes_each": [taken / count]}

    return trio.run(main)
