"""Programs that the benchmark starts, and ends whatever happens.

Each runs in a process group of its own, so that Ctrl-C in a terminal reaches the benchmark alone, which then ends them
one by one: SIGTERM, and SIGKILL to whoever has not ended in time.
"""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import psutil
import trio

from support.errors import BrokenError

START_PATIENCE_S: Final = 30.0
_END_PATIENCE_S: Final = 15.0
_TAIL_LINES: Final = 20


class LineReader:
    """Reads a stream line by line."""

    def __init__(self, stream: trio.abc.ReceiveStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def read(self) -> str | None:
        """Return the next line without its end; None when there are no more."""
        while (end := self._buffer.find(b"\n")) < 0:
            chunk = await self._stream.receive_some()
            if not chunk:
                return None
            self._buffer += chunk
        line = self._buffer[:end].decode(errors="replace")
        del self._buffer[: end + 1]
        return line


@attrs.frozen(kw_only=True)
class Program:
    """A program that was started.

    Attributes:
        name: What messages call it.
        process: The process; its standard error is read already.
        began: When it was started, on ``time.perf_counter``.
        tail: The last lines of its standard error.
    """

    name: str
    process: trio.Process
    began: float
    tail: deque[str]

    def broken(self, what: str) -> BrokenError:
        """Return the error that says what is wrong with this program, with the end of its log."""
        return BrokenError("\n    ".join([f"{self.name} {what}", *self.tail]))

    def check_alive(self) -> None:
        """Make sure that it runs.

        Raises:
            BrokenError: It has ended.
        """
        if self.process.returncode is not None:
            raise self.broken(f"ended with exit code {self.process.returncode}")

    async def end(self) -> float:
        """Send SIGTERM, wait until the program has exited, and return how many seconds that took."""
        began = time.perf_counter()
        self.process.terminate()
        await self.process.wait()
        elapsed = time.perf_counter() - began
        if self.process.returncode not in {0, -signal.SIGTERM}:
            raise self.broken(f"answered SIGTERM with exit code {self.process.returncode}")
        return elapsed

    def family(self) -> list[psutil.Process]:
        """Return its processes: itself and all that descend from it."""
        return _family(self.process.pid)


@asynccontextmanager
async def open_program(
    argv: Sequence[str],
    *,
    name: str,
    environ: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] = lambda _: None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> AsyncIterator[Program]:
    """Start a program; on leaving, end it and all that descends from it.

    Args:
        argv: The command.
        name: What messages call it.
        environ: Its environment; None for ours.
        on_line: Is given each line of its standard error.
        stdin: As for ``subprocess``; PIPE gives ``process.stdin``.
        stdout: Likewise.
    """
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    family: list[psutil.Process] = []

    async def read_log(stream: trio.abc.ReceiveStream) -> None:
        reader = LineReader(stream)
        while (line := await reader.read()) is not None:
            tail.append(line)
            on_line(line)

    async def end(process: trio.Process) -> None:
        family.extend(_family(process.pid))
        process.terminate()
        await trio.sleep(_END_PATIENCE_S)  # cancelled as soon as it has ended
        process.kill()

    # The log is read until the program has ended: one whose pipe is full could not end.
    async with trio.open_nursery() as readers:
        try:
            async with trio.open_nursery() as nursery:
                run = partial(
                    trio.run_process, argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, process_group=0
                )
                began = time.perf_counter()
                process = await nursery.start(partial(run, check=False, env=environ, deliver_cancel=end))
                readers.start_soon(read_log, process.stderr)
                yield Program(name=name, process=process, began=began, tail=tail)
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):  # bounded by the patience within
                await trio.to_thread.run_sync(_end_left_over, family)
        readers.cancel_scope.cancel()


def python_environ(folder: Path) -> Mapping[str, str]:
    """Return an environment in which Python programs keep their compiled modules in a folder.

    So every start but the first finds them, as it does on everybody's machine, even if this installation is not
    compiled and cannot be, or ``PYTHONDONTWRITEBYTECODE`` is set: compiling takes longer than anything measured here.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder)}


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _end_left_over(family: list[psutil.Process]) -> None:
    """Kill what outlived its parent, which should have ended it."""
    _, alive = psutil.wait_procs(family, timeout=1)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=1)
