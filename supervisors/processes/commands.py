"""Runs a command to its end, in a process group that ends with it."""

from collections.abc import Mapping, Sequence
from os import PathLike

import trio

from supervisors.processes.children import Children
from supervisors.processes.groups import open_group
from supervisors.processes.output import LAST_WORDS, Output


async def run_command(
    argv: Sequence[str],
    output: Output,
    children: Children,
    *,
    env: Mapping[str, str] | None,
    cwd: str | PathLike[str] | None,
) -> int:
    """Run a command and return its exit status, negative for the signal that killed it; `Child.run` says more.

    Cancellation: kills it and all that it started.
    """
    async with open_group(children) as group:
        process = await group.spawn(argv, env=env, cwd=cwd)
        if process.stdout is None:
            raise AssertionError("the command was started without a pipe")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(output.drain, process.stdout)
            status = await process.wait()
            group.kill()  # what it left behind may hold the pipe open
            nursery.cancel_scope.deadline = trio.current_time() + LAST_WORDS
    return status
