"""One worker process that runs: asked one thing at a time, listened to all the time."""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import trio

from compozy.domain.json import JsonObject
from compozy.drivers.tools.prints import Prints
from compozy.drivers.tools.protocol import LineSplitter, ReplyTooLargeError, parse_reply, request_line
from supervisors.processes.command_probe import describe_exit
from supervisors.processes.groups import Group

_CHUNK: Final = 64 * 1024
_LAST_READS: Final = 32  # a pipe holds 64 KiB, one made larger 1 MiB; a tool that goes on printing is not waited for
_RETIRE_S: Final = 1.0  # for `atexit` and the like of a worker that is no longer needed


class WorkerEndedError(Exception):
    """The worker process has ended; the message says how."""


class Worker:
    """A worker process that runs.

    Args:
        process: It; its standard input is a pipe.
        group: What it and all that it starts are in.
        first: What it has to be told first.

    Attributes:
        over: Set when it has ended, was killed or is no longer needed.
        prints: What its tools print.
        first: What it has to be told first.
        tools: The ids that its entrypoint exports, once it is loaded.
    """

    def __init__(self, process: trio.Process, group: Group, *, first: JsonObject) -> None:
        self.over = trio.Event()
        self.prints = Prints()
        self.first = first
        self.tools: frozenset[str] = frozenset()
        self._process = process
        self._group = group
        self._outputs: list[tuple[trio.lowlevel.FdStream, Callable[[bytes], None]]] = []
        self._asked = 0
        self._pending: int | None = None
        self._reply: JsonObject | Exception | None = None
        self._replied = trio.Event()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether it can be asked something."""
        return self._pending is None and not self.over.is_set() and self._process.returncode is None

    def kill(self) -> None:
        """End it and everything that it has started, at once."""
        self.over.set()
        self._group.kill()

    async def ask(self, facts: JsonObject) -> JsonObject:
        """Send a request and return the reply.

        Cancellation: the worker cannot be asked anything after that; kill it.

        Raises:
            WorkerEndedError: It ended instead.
            ReplyTooLargeError: The reply is too long to be read; the worker cannot be used any more.
            ValueError: The reply is not JSON; the worker cannot be used any more.
        """
        self._pending, self._reply, self._replied = self._asked, None, trio.Event()
        self._asked += 1
        # One that has ended does not read any more; `watch` says how it ended.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._requests.send_all(request_line(self._pending, facts))
        await self._replied.wait()
        self._catch_up()
        reply = self._take_reply()
        self._pending = None
        return reply

    def listen(
        self, name: str, stream: trio.lowlevel.FdStream, splitter: LineSplitter
    ) -> Callable[[], Awaitable[None]]:
        """Return what reads ``stdout`` or ``stderr`` to its end."""
        take = partial(self._take, name, splitter)
        self._outputs.append((stream, take))
        return partial(_drain, stream, take)

    async def watch(self) -> None:
        """Wait for its end, and tell whoever waits for a reply.

        The end of its output would not do: a program that a tool started may hold that open.
        """
        code = await self._process.wait()
        self._catch_up()  # the reply may have come
        self._settle(WorkerEndedError(f"its process {describe_exit(code)}"))
        self.over.set()

    async def retire(self) -> None:
        """Let it end by itself, for a moment; one that was killed has ended already."""
        with trio.move_on_after(_RETIRE_S):
            await self._requests.aclose()
            await self._process.wait()

    @property
    def _requests(self) -> trio.abc.SendStream:
        if self._process.stdin is None:
            raise AssertionError("a worker is started with a pipe to its standard input")
        return self._process.stdin

    def _catch_up(self) -> None:
        """Take what was printed before a reply came: its pipe may not have been read yet."""
        for stream, take in self._outputs:
            with suppress(BlockingIOError):
                for _ in range(_LAST_READS):
                    chunk = os.read(stream.fileno(), _CHUNK)
                    if not chunk:
                        break
                    take(chunk)

    def _take(self, name: str, splitter: LineSplitter, chunk: bytes) -> None:
        try:
            replies, prints = splitter.feed(chunk)
            for line in prints:
                self.prints.take(name, line)
            for line in replies:
                reply = parse_reply(line)
                if reply.get("call") == self._pending:
                    self._settle(reply)
        except (ReplyTooLargeError, ValueError) as error:
            self._settle(error)

    def _take_reply(self) -> JsonObject:
        if self._reply is None:
            raise AssertionError("there is a reply, or an error in its place")
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply

    def _settle(self, reply: JsonObject | Exception) -> None:
        if not self._replied.is_set():
            self._reply = reply
            self._replied.set()


async def _drain(stream: trio.lowlevel.FdStream, take: Callable[[bytes], None]) -> None:
    while chunk := await stream.receive_some(_CHUNK):
        take(bytes(chunk))
