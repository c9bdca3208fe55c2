"""Waits until a child process can be used: the ``ready=`` of `Context.process`.

A probe is any async function that takes the child and returns once it can be used; what it returns becomes the actor's
value unless one was given. It is cancelled when the child ends, and when the actor's start timeout is over.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Protocol

import trio


class Child(Protocol):
    """A running child process, as a probe sees it."""

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


Probe = Callable[[Child], Awaitable[object]]

_FIRST_PAUSE = 0.01  # seconds; nothing tells us when a foreign process starts to listen, so we have to ask
_LONGEST_PAUSE = 0.25


def tcp(port: int, *, host: str = "127.0.0.1") -> Probe:
    """Return a probe that waits until the child accepts connections there; its value is ``(host, port)``.

    Where the system tells who listens (Linux), a stranger on that port is not taken for the child.
    """

    async def accepts(child: Child) -> tuple[str, int]:
        pause = _FIRST_PAUSE
        while not (await _answers(host, port) and child.listens_on(port) is not False):
            await trio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return host, port

    return accepts


async def _answers(host: str, port: int) -> bool:
    try:
        stream = await trio.open_tcp_stream(host, port)
    except OSError:
        return False
    await stream.aclose()
    return True


def log_line(pattern: str | re.Pattern[str]) -> Probe:
    r"""Return a probe that waits for a line in which the pattern is found.

    Its value is the first group of the match, or all of it when the pattern has no group. For a server that says which
    port it got: ``log_line(r"listening on port (\d+)")``.
    """
    compiled = re.compile(pattern)

    async def appears(child: Child) -> str:
        match = await child.wait_line(compiled)
        return str(match.group(1 if compiled.groups else 0))

    return appears
