"""Waits until a child process can be used: the ``ready=`` of `Context.process`.

A probe is any async function that takes the child and returns once it can be used; what it returns becomes the actor's
value unless one was given. It is cancelled when the child ends, and when the actor's start timeout is over. What it
leaves in ``child.why_not_ready`` is then part of the error.

The probes that have to ask again and again are of one class, `Polling`. One question is `Polling.attempt`, and so the
same probe can ask after the child's health later on: the ``alive=`` of `Context.process`.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from os import PathLike
from typing import Protocol

import attrs
import trio
from attrs import validators

from supervisors.errors import ProbeError
from supervisors.processes.output import Output

TIMEOUT = 2.0
"""Seconds that one attempt over the network may take."""

_FIRST_PAUSE = 0.01  # seconds; nothing tells us when a foreign process starts to listen, so we have to ask
_LONGEST_PAUSE = 0.25

_LAST_PORT = 65535


class Child(Protocol):
    """A running child process, as a probe sees it.

    Attributes:
        why_not_ready: What a probe found missing last; for the error, should the child never be ready.
    """

    why_not_ready: str

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The command."""

    def tail(self) -> str:
        """Return the end of what it has written so far, at most 16 KiB."""

    async def wait_line(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait for a line, already written or to come, in which the pattern is found."""

    def listens_on(self, port: int) -> bool | None:
        """Return whether it, or another of its group, listens on this TCP port; None when the system does not tell."""

    async def run(
        self,
        argv: Sequence[str],
        output: Output,
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
    ) -> int:
        """Run another command to its end and return its exit status, negative for the signal that killed it.

        It has a process group of its own that ends with it, and that goes down with this program too.

        Cancellation: kills it and all that it started.

        Args:
            argv: The command.
            output: Takes what it writes; can be asked for the tail also after a cancellation.
            env: Its whole environment; None: that of this program.
            cwd: Its working directory; None: that of this program.

        Raises:
            OSError: It could not be started.
        """


Probe = Callable[[Child], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Polling:
    """A probe that asks until it has got enough good answers in a row.

    Example::

        async def has_leader(child):
            if not (await ask_status()).leader:
                raise ProbeError("no leader is elected yet")

        await ctx.process([...], ready=Polling(what="leader", ask=has_leader, successes=2))

    Attributes:
        what: What is asked, for messages.
        ask: Asks once; returns the value of the probe, or raises `ProbeError`. Any other error is no answer but a
            failure of the actor.
        successes: Good answers in a row until the child counts as ready.
        every: Seconds from one attempt to the next; None: 10 ms at first, then longer, up to 0.25 s.
        timeout: Seconds after which an attempt is broken off and has failed.
    """

    what: str
    ask: Callable[[Child], Awaitable[object]]
    successes: int = attrs.field(default=1, validator=validators.ge(1))
    every: float | None = attrs.field(default=None, validator=validators.optional(validators.gt(0)))
    timeout: float = attrs.field(default=TIMEOUT, validator=validators.gt(0))

    async def attempt(self, child: Child) -> object:
        """Ask once and return the value of the probe.

        Raises:
            ProbeError: The answer is no, or did not come in time.
        """
        with trio.move_on_after(self.timeout):
            return await self.ask(child)
        raise ProbeError(f"{self.what}: no answer within {self.timeout:g} s")

    async def __call__(self, child: Child) -> object:
        """Ask until there were enough good answers in a row, and return the last one."""
        child.why_not_ready = ""
        successes, pause = 0, self.every or _FIRST_PAUSE
        while True:
            try:
                found = await self.attempt(child)
            except ProbeError as failure:
                child.why_not_ready = str(failure)
                successes = 0
            except BaseException:  # cancelled, most likely; then an earlier failure says more than this attempt could
                child.why_not_ready = child.why_not_ready or f"{self.what}: no answer yet"
                raise
            else:
                successes += 1
                if successes == self.successes:
                    return found
            await trio.sleep(pause)
            pause = self.every or min(pause * 1.5, _LONGEST_PAUSE)


class Endpoint:
    """Where a child is to listen.

    Args:
        host: An address of this machine.
        port: A TCP port.

    Raises:
        ValueError: There is no such port.
    """

    __slots__ = ("_host", "_port")

    def __init__(self, host: str, port: int) -> None:
        if not 1 <= port <= _LAST_PORT:
            raise ValueError(f"there is no port {port!r} to probe; give one of 1 to {_LAST_PORT}")
        self._host = host
        self._port = port

    def __str__(self) -> str:
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    @asynccontextmanager
    async def connect(self, child: Child) -> AsyncIterator[trio.SocketStream]:
        """Open a connection to this very child.

        Raises:
            ProbeError: Nobody accepts one, or a stranger does.
        """
        try:
            stream = await trio.open_tcp_stream(self._host, self._port)
        except OSError as error:
            raise ProbeError(f"{self} accepts no connections: {_first_cause(error)}") from error
        async with stream:
            if child.listens_on(self._port) is False:
                raise ProbeError(f"{self} accepts connections, but it is another process that listens there")
            yield stream


def _first_cause(error: OSError) -> BaseException:
    # Trio tries all addresses of a host and puts the errors into a group behind the one it raises.
    cause = error.__cause__
    return cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause or error


def tcp(
    port: int,
    *,
    host: str = "127.0.0.1",
    successes: int = 1,
    every: float | None = None,
    timeout: float = TIMEOUT,
) -> Polling:
    """Return a probe that waits until the child accepts connections there; its value is ``(host, port)``.

    Where the system tells who listens (Linux), a stranger on that port is not taken for the child.

    Args:
        port: Where it is to listen.
        host: At which address.
        successes: Connections in a row until it is ready.
        every: Seconds between attempts; None: often.
        timeout: Seconds for one attempt.
    """
    endpoint = Endpoint(host, port)

    async def accepts(child: Child) -> tuple[str, int]:
        async with endpoint.connect(child):
            return host, port

    return Polling(what=str(endpoint), ask=accepts, successes=successes, every=every, timeout=timeout)


def log_line(pattern: str | re.Pattern[str]) -> Probe:
    r"""Return a probe that waits for a line in which the pattern is found.

    Its value is the first group of the match, or all of it when the pattern has no group. For a server that says which
    port it got: ``log_line(r"listening on port (\d+)")``.
    """
    compiled = re.compile(pattern)

    async def appears(child: Child) -> str:
        child.why_not_ready = f"no line has matched {compiled.pattern!r}"
        match = await child.wait_line(compiled)
        return str(match.group(1 if compiled.groups else 0))

    return appears
