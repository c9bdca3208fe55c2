"""How long it takes from the kill of a process until its replacement runs."""

import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import trio
from support.comparison.job import Samples

COMMAND = ("sh", "-c", 'echo $$ > "$0/pids"; exec cat "$0/alive"')
"""Tells its process id through a named pipe in the folder that is added to it, and does nothing until another closes.

So it ends with whoever measures, even if it was forgotten by whoever keeps it running.
"""

_PAUSE_S = 0.05
"""How long a process lives before it is killed: nobody restarts what is not known to run yet."""


class Pids:
    """Reads what the processes tell, each a process id.

    Args:
        folder: Where the named pipes are made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Open for both: whatever the processes do, the one pipe has a reader, and the other a writer.
        self._descriptor, self._alive = (_open_pipe(folder / name) for name in ("pids", "alive"))

    def read(self) -> int:
        """Wait for the next process, and return its id; blocks."""
        return int(os.read(self._descriptor, 100))

    async def wait(self) -> int:
        """Wait for the next process, and return its id."""
        await trio.lowlevel.wait_readable(self._descriptor)
        return self.read()

    def close(self) -> None:
        """Read no more, and let the processes end."""
        os.close(self._alive)
        os.close(self._descriptor)


@contextmanager
def open_pids() -> Iterator[Pids]:
    """Make the pipes in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="supervisors-benchmark-") as folder:
        pids = Pids(Path(folder))
        try:
            yield pids
        finally:
            pids.close()


def _open_pipe(path: Path) -> int:
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


def write_script(folder: Path) -> Path:
    """Return a script that is the command with its folder, for those who split command lines in ways of their own."""
    script = folder / "fragile"
    program, option, text = COMMAND
    script.write_text(f"#!/bin/sh\nexec {program} {option} '{text}' {folder}\n")
    script.chmod(0o700)
    return script


async def measure_replacements(count: int, keep_running: Callable[[str], Awaitable[None]]) -> Samples:
    """Kill what is kept running, again and again; for those who keep it running on Trio."""
    latencies = []
    with open_pids() as pids:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_running, str(pids.folder))
            pid = await pids.wait()
            for _ in range(count):
                await trio.sleep(_PAUSE_S)
                began = kill(pid)
                pid = await pids.wait()
                latencies.append(time.perf_counter() - began)
            nursery.cancel_scope.cancel()
    return {"latency": latencies}


def measure_replacements_by_others(count: int, pids: Pids) -> Samples:
    """Kill what another program keeps running, again and again."""
    latencies = []
    pid = pids.read()
    for _ in range(count):
        time.sleep(_PAUSE_S)
        began = kill(pid)
        pid = pids.read()
        latencies.append(time.perf_counter() - began)
    return {"latency": latencies}


def kill(pid: int) -> float:
    """Kill a process, and return when."""
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    return began
