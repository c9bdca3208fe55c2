"""Which threads and child processes this program has, and which of them have come since.

Linux tells of processes in ``/proc``, other POSIX systems through ``ps``. On Windows no process is seen, so none is
ever found to be left.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

SETTLE: Final = 0.5
"""Seconds that threads get to come to their end: one that has done its last work is still there for an instant."""

_CACHED: Final = "Trio thread "  # how Trio names a worker that waits for work; a busy one is named after its work
_PROC: Final = Path("/proc")
_PS_LINE: Final = re.compile(r"\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*?)\s*")  # pid, parent, state, command


class Process(NamedTuple):
    """A process below this one.

    Attributes:
        pid: Its process id.
        parent: Process id of its parent.
        born: Tells it from a later process of the same id; empty where the system does not say.
        command: What it runs, as far as that is known.
        is_over: Whether it has ended, and nobody has waited for it.
    """

    pid: int
    parent: int
    born: str
    command: str
    is_over: bool = False

    def __str__(self) -> str:
        state = ", which has ended, but nobody waited for it" if self.is_over else ""
        return f"child process {self.pid} ({self.command}){state}"


class Census(NamedTuple):
    """What there was at one instant.

    Attributes:
        threads: The threads of this program.
        processes: The processes below it, each with its birth.
    """

    threads: frozenset[threading.Thread]
    processes: frozenset[tuple[int, str]]


def take_census() -> Census:
    """Return what there is now."""
    below = descendants()
    return Census(
        threads=frozenset(threading.enumerate()), processes=frozenset((each.pid, each.born) for each in below)
    )


def left_since(before: Census, *, settle: float = SETTLE) -> tuple[str, ...]:
    """Return what has come since and is still there, described each in a line; blocks for up to `settle` seconds.

    Idle threads of Trio are not counted: it keeps them for later, and ends them by itself. Nor is what a process that
    was there before has started: a server that many tests share starts and ends its helpers when it likes.
    """
    until = time.monotonic() + settle
    threads = [thread for thread in threading.enumerate() if thread not in before.threads]
    for thread in threads:
        if not thread.name.startswith(_CACHED) and thread is not threading.current_thread():
            thread.join(max(until - time.monotonic(), 0.0))
    left = [f"thread {t.name!r}" for t in threads if t.is_alive() and not t.name.startswith(_CACHED)]
    return (*left, *map(str, _below(os.getpid(), _all_processes(), passing=before.processes)))


def descendants() -> list[Process]:
    """Return the processes below this one, a parent before its children."""
    return list(_below(os.getpid(), _all_processes()))


def _below(
    root: int, processes: Iterable[Process], passing: Container[tuple[int, str]] = frozenset()
) -> Iterator[Process]:
    children: dict[int, list[Process]] = {}
    for process in processes:
        if (process.pid, process.born) not in passing:
            children.setdefault(process.parent, []).append(process)
    pending = [root]
    while pending:
        for child in children.get(pending.pop(), ()):
            yield child
            pending.append(child.pid)


def _all_processes() -> Iterator[Process]:
    if (_PROC / "self" / "stat").exists():
        return (found for folder in _PROC.glob("[0-9]*") if (found := _from_proc(folder)) is not None)
    if sys.platform == "win32":
        return iter(())
    return _from_ps()


def _from_proc(folder: Path) -> Process | None:
    try:
        head, _, tail = (folder / "stat").read_text(errors="replace").rpartition(")")
        command = (folder / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return None
    # pid (name) state ppid pgrp ...; the name may hold spaces and brackets. Field 22 is when it was started.
    state, parent, *rest = tail.split()
    shown = command.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace") or head.partition("(")[2]
    return Process(pid=int(folder.name), parent=int(parent), born=rest[17], command=shown, is_over=state in {"Z", "X"})


def _from_ps() -> Iterator[Process]:
    with subprocess.Popen(
        ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "state=", "-o", "args="],  # noqa: S607 - wherever it is
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as asked:
        lines = asked.communicate()[0].splitlines()
    return (found for line in lines if (found := read_ps(line)) is not None and found.pid != asked.pid)


def read_ps(line: str) -> Process | None:
    """Return the process of a line of ``ps -A -o pid= -o ppid= -o state= -o args=``; None when it is no such line."""
    found = _PS_LINE.fullmatch(line)
    if found is None:
        return None
    pid, parent, state, command = found.groups()
    return Process(pid=int(pid), parent=int(parent), born="", command=command, is_over=state.startswith("Z"))
