"""Starts worker processes, each in a group of its own that goes down with this program.

Theory of operation. Standard input takes requests. Standard output and error are read all the time, so that a tool
never waits for a reader. Replies come on standard output, or, where the worker can use one, on a pipe of their own,
which no program that a tool starts inherits.

A worker that was interrupted (a timeout, a cancelled call) may be in any state, so its whole group is killed: the
tool, and whatever the tool has started. A program that leaves the group, as daemons do, is out of reach.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import trio

from compozy.domain.json import JsonObject
from compozy.drivers.tools.protocol import LineSplitter
from compozy.drivers.tools.worker import Worker
from supervisors.processes.children import Children
from supervisors.processes.groups import Group, open_group

_REPLY_SLACK: Final = 64 * 1024  # what a reply holds besides the output


@attrs.frozen(kw_only=True)
class Launch:
    """How a worker process is started.

    Attributes:
        argv: The command.
        env: Its whole environment.
        cwd: Its working directory.
        first: What it is told first, besides its token.
        max_output_bytes: The largest output that it may reply with.
        own_pipe: Whether it replies on a pipe of its own, whose number it is told as ``reply_fd``.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    first: JsonObject
    max_output_bytes: int
    own_pipe: bool = False


class _Pipe:
    """A pipe that the worker writes to."""

    def __init__(self) -> None:
        receiving, self.sending = os.pipe()
        self.stream = trio.lowlevel.FdStream(receiving)

    def close_sending(self) -> None:
        """Close our copy of the worker's end, without which there is no end of what it writes."""
        if self.sending >= 0:
            os.close(self.sending)
            self.sending = -1


@asynccontextmanager
async def open_worker(launch: Launch) -> AsyncIterator[Worker]:
    """Start a worker process; on leaving, nothing of its group is alive.

    What the block raises leaves as it is.

    Raises:
        OSError: It could not be started.
    """
    own: Exception | None = None
    async with open_group(Children()) as group, _open_pipes() as pipes:
        stdout, stderr, replies = pipes
        if not launch.own_pipe:
            replies = stdout
        process = await _start(launch, group, stdout=stdout.sending, stderr=stderr.sending, replies=replies.sending)
        token = f"@{secrets.token_hex(16)} "
        splitter = LineSplitter(token.encode(), max_reply_bytes=launch.max_output_bytes + _REPLY_SLACK)
        first = {**launch.first, "token": token, "max_output_bytes": launch.max_output_bytes}
        worker = Worker(process, group, first={**first, "reply_fd": replies.sending})
        for pipe in pipes:
            pipe.close_sending()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker.listen("stderr", stderr.stream, LineSplitter(None)))
            nursery.start_soon(worker.listen("stdout", replies.stream, splitter))
            if replies is not stdout:
                nursery.start_soon(worker.listen("stdout", stdout.stream, LineSplitter(None)))
            nursery.start_soon(worker.watch)
            try:
                yield worker
            except Exception as error:  # noqa: BLE001 - raised again below, outside the nursery
                own = error
            finally:
                with trio.CancelScope(shield=True):  # bounded by itself
                    await worker.retire()
            nursery.cancel_scope.cancel()
    if own is not None:
        raise own


@asynccontextmanager
async def _open_pipes() -> AsyncIterator[tuple[_Pipe, _Pipe, _Pipe]]:
    pipes = (_Pipe(), _Pipe(), _Pipe())
    try:
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close_sending()
            pipe.stream.close()


async def _start(launch: Launch, group: Group, *, stdout: int, stderr: int, replies: int) -> trio.Process:
    if sys.platform == "win32" or group.reaper is None:
        raise OSError("tools run in other processes on POSIX systems alone; leave out `isolation: process`")
    group.process = await trio.lowlevel.open_process(
        list(launch.argv),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        env=launch.env,
        cwd=launch.cwd,
        pass_fds=(replies,) if replies != stdout else (),
        process_group=group.reaper.pid,
    )
    return group.process
