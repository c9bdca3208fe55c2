"""Real processes for the tests of the supervision library, and proof that none of them is left."""

import os
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
    before = psutil.Process().children()  # servers for the whole session, which start helpers whenever they like
    yield
    left = [child for child in psutil.Process().children() if child not in before]
    assert [each for child in left for each in (child, *child.children(recursive=True))] == []


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

    def session(self) -> list[psutil.Process]:
        """Return what still runs of all that it started, directly or not, whoever adopted it meanwhile."""
        return [process for process in psutil.process_iter() if _is_running_in(self.process.pid, process)]

    async def wait(self) -> int:
        """Wait for the end, reading what is still written, and return the exit status."""
        while chunk := await self.process.stdout.receive_some():
            self._rest += chunk
        self.lines += self._rest.decode().splitlines()
        return await self.process.wait()


def _is_running_in(session: int, process: psutil.Process) -> bool:
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):  # it has ended meanwhile
        return False


@pytest.fixture
async def start(tmp_path: Path):
    """Return a factory that starts a program from its source, in a session of its own."""
    programs = []

    async def make(source: str, *args: str, stdin: int = subprocess.DEVNULL) -> Program:
        path = tmp_path / f"program{len(programs)}.py"
        path.write_text(source)
        with (tmp_path / "stderr.txt").open("wb") as errors:
            process = await trio.lowlevel.open_process(
                [sys.executable, "-u", str(path), *args],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
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
        for process in program.session():
            process.kill()


class Terminal:
    """A terminal with a program in its foreground."""

    def __init__(self, keyboard: int, program: Program) -> None:
        self._keyboard = keyboard
        self.program = program

    def press_ctrl_c(self) -> None:
        """Let the terminal send SIGINT to its foreground group."""
        os.write(self._keyboard, b"\x03")


@pytest.fixture
async def start_in_terminal(start):
    """Return a factory that starts a program from its source in the foreground of a terminal of its own."""
    keyboards = []

    async def make(source: str) -> Terminal:
        keyboard, terminal = os.openpty()
        keyboards.append(keyboard)
        try:
            return Terminal(keyboard, await start(_TAKE_TERMINAL + source, stdin=terminal))
        finally:
            os.close(terminal)

    yield make
    for keyboard in keyboards:
        os.close(keyboard)


# The leader of a session that takes a terminal for its own is in the foreground of it.
_TAKE_TERMINAL = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"


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
