"""Real processes for the tests of the supervision library, and proof that none of them is left."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import trio


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Fail a test that leaves a child behind, a running one or one that nobody waited for."""
    yield
    assert psutil.Process().children(recursive=True) == []


class Program:
    """A Python program in a process of its own, whose standard output is read line by line."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self._rest = b""
        self.lines: list[str] = []

    async def line(self, start: str) -> str:
        """Wait for the next line that starts so, and return what comes after it."""
        while True:
            while b"\n" not in self._rest:
                chunk = await self.process.stdout.receive_some()
                assert chunk, f"ended before it wrote {start!r}; it wrote {self.lines}"
                self._rest += chunk
            raw, self._rest = self._rest.split(b"\n", 1)
            line = raw.decode()
            self.lines.append(line)
            if line.startswith(start):
                return line.removeprefix(start).strip()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def wait(self) -> int:
        """Wait for the end, reading what is still written, and return the exit status."""
        while chunk := await self.process.stdout.receive_some():
            self._rest += chunk
        self.lines += self._rest.decode().splitlines()
        return await self.process.wait()


@pytest.fixture
async def start(tmp_path: Path):
    """Return a factory that starts a program from its source."""
    programs = []

    async def make(source: str, *args: str) -> Program:
        path = tmp_path / f"program{len(programs)}.py"
        path.write_text(source)
        with (tmp_path / "stderr.txt").open("wb") as errors:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-u", str(path), *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                process_group=0,
            )
        program = Program(process)
        programs.append(program)
        return program

    yield make
    for program in programs:
        if program.process.returncode is None:
            program.process.kill()
        await program.process.wait()
        await program.process.stdout.aclose()


@pytest.fixture
def descendants():
    """Return a function that lists all processes below one."""
    return lambda pid: psutil.Process(pid).children(recursive=True)


@pytest.fixture
def wait_gone():
    """Return a function that waits until none of these processes runs any more; False when they still do."""

    async def wait(processes: list[psutil.Process]) -> bool:
        _, alive = await trio.to_thread.run_sync(partial(psutil.wait_procs, processes, timeout=20))
        return not alive

    return wait
