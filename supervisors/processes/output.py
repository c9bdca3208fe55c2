"""What a child process writes: always read, split into lines, and its end kept for whoever asks why it died."""

import re
from collections.abc import Callable

import trio

TAIL = 16 * 1024
"""Bytes of output that are kept."""

LONGEST_LINE = 64 * 1024
"""Bytes after which a line is cut in two."""

LAST_WORDS = 1.0
"""Seconds to read what is left once the child has ended; a daemon may hold the pipe open for ever."""

_CHUNK = 64 * 1024
_QUOTE = 1000  # characters of output in a message; all that is kept comes with the error of a child that ended
_QUOTED_LINES = 10


class _Waiter:
    """A task that waits for a line, and the match once there is one."""

    __slots__ = ("event", "match", "pattern")

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self.event = trio.Event()
        self.match: re.Match[str] | None = None


class Output:
    """The output of one child.

    Args:
        on_line: Gets each line without its end, bytes that are not UTF-8 replaced.
    """

    def __init__(self, on_line: Callable[[str], None] | None = None) -> None:
        self._on_line = on_line
        self._tail = b""
        self._rest = b""
        self._waiters: list[_Waiter] = []

    def tail(self) -> str:
        """Return the end of what was written so far."""
        return self._tail.decode(errors="replace")

    def last_words(self) -> str:
        """Return the last lines that were written, few enough for a message, as the end of a sentence."""
        lines = self.tail()[-_QUOTE:].strip().splitlines()[-_QUOTED_LINES:]
        return "its last output:\n" + "\n".join(lines) if lines else "it wrote nothing"

    async def drain(self, stream: trio.abc.ReceiveStream) -> None:
        """Read until the last writer has closed its end."""
        async with stream:
            while chunk := await stream.receive_some(_CHUNK):
                self._take(bytes(chunk))
        if self._rest:
            self._tell(self._rest)
            self._rest = b""

    async def wait_line(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait for a line, among those kept or to come, in which the pattern is found."""
        await trio.lowlevel.checkpoint()
        complete = self._tail[: max(len(self._tail) - len(self._rest), 0)]
        for line in complete.splitlines():
            if match := pattern.search(line.decode(errors="replace")):
                return match
        waiter = _Waiter(pattern)
        self._waiters.append(waiter)
        try:
            while waiter.match is None:
                await waiter.event.wait()
        finally:
            self._waiters.remove(waiter)
        return waiter.match

    def _take(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-TAIL:]
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            for start in range(0, len(line) or 1, LONGEST_LINE):
                self._tell(line[start : start + LONGEST_LINE])
        while len(self._rest) >= LONGEST_LINE:
            self._tell(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]

    def _tell(self, raw: bytes) -> None:
        line = raw.removesuffix(b"\r").decode(errors="replace")
        for waiter in self._waiters:
            if waiter.match is None and (match := waiter.pattern.search(line)):
                waiter.match = match
                waiter.event.set()
        if self._on_line is not None:
            self._on_line(line)
