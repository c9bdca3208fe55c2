"""Programs that keep processes running, each in a process of its own for as long as it is measured."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_TRIES = 5
_PATIENCE_S = 1.0


@contextmanager
def running(module: str, *arguments: str) -> Iterator[None]:
    """Run a Python module as a program around a block, and end it by its own means, or else by force."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # this is the end; it must not be cut short
        _end(program)


def _end(program: subprocess.Popen[bytes]) -> None:
    for _ in range(_TRIES):  # circus loses a signal that comes while it is looking after a process
        program.terminate()
        try:
            program.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            continue
        return
    program.kill()
    program.wait()
