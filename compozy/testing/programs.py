"""A ``compozy`` program in a process of its own, whose log is read as it comes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from compozy.domain.errors import UnavailableError

_STOP_S: Final = 30.0


class Program:
    """``python -m compozy COMMAND``, running or ended. Its calls block; from Trio, make them in a thread.

    Args:
        command: The words after ``compozy``.
        project: What ``--config`` says.
        environ: What its environment has beyond ours.
    """

    def __init__(self, *command: str, project: Path, environ: Mapping[str, str]) -> None:
        self._command = " ".join(command)
        self._lines: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "compozy", *command, "--config", str(project), "--log-format", "json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
            process_group=0,
        )
        self._has_ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged up to now; what was no log line has ``text`` as its level."""
        with self._news:
            return list(self._lines)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_for(self, event: str, *, after: int = 0, patience_s: float = 30.0, **facts: object) -> dict[str, Any]:
        """Return the first line that says this.

        Args:
            event: What is said.
            after: How many lines are left out, from the beginning.
            patience_s: How long to wait for it.
            **facts: What the line has further.

        Raises:
            UnavailableError: It does not come, or the program ends first; with the end of its log.
        """
        deadline = time.monotonic() + patience_s
        with self._news:
            while True:
                for line in self._lines[after:]:
                    if line.get("event") == event and facts.items() <= line.items():
                        return line
                after = max(after, len(self._lines))
                if self._has_ended or not self._news.wait(deadline - time.monotonic()):
                    how = "ended" if self._has_ended else f"took longer than {patience_s:g} s"
                    raise UnavailableError(f"compozy {self._command} {how} before {event!r} {facts}\n{self._tail()}")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it, of KILL, and return when it is gone."""
        self._process.kill()
        self.wait_ended()

    def stop(self) -> int:
        """Stop it in good order, and return its exit status; one that takes too long is killed."""
        if self.runs:
            self._process.terminate()
        return self.wait_ended()

    def wait_ended(self) -> int:
        """Return its exit status; one that does not end within half a minute is killed."""
        try:
            status = self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join(_STOP_S)
        return status

    def _read(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it is piped
        with self._process.stderr as stream:
            for text in stream:
                try:
                    line = json.loads(text)
                except ValueError:
                    line = {"event": text.rstrip(), "level": "text"}
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()

    def _tail(self) -> str:
        return "\n".join(map(str, self._lines[-20:]))


@contextmanager
def open_program(*command: str, project: Path, environ: Mapping[str, str]) -> Iterator[Program]:
    """Start a program; on leaving, it is stopped.

    ::

        with open_program("worker", project=folder, environ=site.environ) as worker:
            worker.wait_for("ready", actor="worker")
    """
    program = Program(*command, project=project, environ=environ)
    try:
        yield program
    finally:
        program.stop()
