"""What runs a side: Trio, asyncio, or nothing at all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import trio

Main = Callable[[], Awaitable[Any]]


async def together_on_trio(mains: Sequence[Main]) -> None:
    """Run async functions at once."""
    async with trio.open_nursery() as nursery:
        for main in mains:
            nursery.start_soon(main)


def run_on_asyncio(main: Main) -> Any:
    """Run an async function on a loop of its own."""
    return asyncio.run(_awaited(main))


async def together_on_asyncio(mains: Sequence[Main]) -> None:
    """Run async functions at once."""
    async with asyncio.TaskGroup() as tasks:
        for main in mains:
            tasks.create_task(_awaited(main))


async def _awaited(main: Main) -> Any:
    return await main()


def run_alone(main: Main) -> Any:
    """Run what is async in name only."""
    try:
        main().__await__().send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits for something")


async def one_after_the_other(mains: Sequence[Main]) -> None:
    """Run what cannot be done at once."""
    for main in mains:
        await main()


ON_TRIO = partial(trio.run, strict_exception_groups=True)
