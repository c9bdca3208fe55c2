"""What sides on asyncio share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sides.client import Worker


async def together(worker: Worker, count: int) -> None:
    """Run a worker so many times at once."""
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(_run(worker))


async def _run(worker: Worker) -> None:
    await worker()


def run(fn: Callable[[], Awaitable[Any]]) -> Any:
    """Run an async function on a loop of its own."""

    async def main() -> Any:
        return await fn()

    return asyncio.run(main())
