"""Desks: which of several threads carries out the next job.

To wake a thread takes longer than a short read, and the longer it slept, the longer. So a job goes to the desk that
became free last; and a thread declares its desk free before it hands its answer over, so that a caller who reads one
thing after the other finds the same thread awake every time. With one queue for all, they would be woken by turns.
"""

from collections import deque
from queue import SimpleQueue
from threading import Lock
from typing import Any, Final, TypeAlias

from compozy.drivers.sqlite.jobs import Job

Desk: TypeAlias = SimpleQueue[Job[Any] | None]
"""Where one thread finds its next job; None when there will be no more."""


class Desks:
    """Jobs in the order they were asked for, and the desks that are free; there are never both.

    Unbounded, because every job has a caller who waits for it: there are never more jobs than tasks.
    """

    def __init__(self) -> None:
        self._lock: Final = Lock()
        self._jobs: deque[Job[Any]] = deque()
        self._free: list[Desk] = []
        self._is_closed = False

    def put(self, job: Job[Any]) -> None:
        """Have a job carried out: now, if a desk is free, or when its turn comes."""
        with self._lock:
            if self._free:
                self._free.pop().put(job)
            else:
                self._jobs.append(job)

    def offer(self, desk: Desk) -> None:
        """Declare a desk free; the next job, or the end, comes to it."""
        with self._lock:
            if self._jobs:
                desk.put(self._jobs.popleft())
            elif self._is_closed:
                desk.put(None)
            else:
                self._free.append(desk)

    def close(self) -> None:
        """Let every thread end when all jobs are done; there must come no more."""
        with self._lock:
            self._is_closed = True
            while self._free:
                self._free.pop().put(None)

    def qsize(self) -> int:
        """Return how many jobs wait for a desk."""
        return len(self._jobs)
