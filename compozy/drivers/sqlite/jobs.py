"""Jobs: closures on their way to a thread and back.

A job is made and awaited on the Trio thread and carried out on another. Two parties may decide how it ends: the thread
commits it, or the caller, cancelled, gives it up. The first to take the job's ticket has decided, so what a caller gave
up in time is never committed, and no caller ever waits for a thread in order to be cancelled.
"""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from queue import SimpleQueue
from threading import Lock
from typing import Any, Generic, TypeAlias, TypeVar

import trio
from outcome import Error, Outcome, Value, capture

from compozy.contracts.store import Repositories
from compozy.drivers.sql.repositories import SqlRepositories
from compozy.drivers.sqlite.dialect import TOOLS
from compozy.drivers.sqlite.session import Session, drive

T = TypeVar("T")


class Job(Generic[T]):
    """One closure, from the call to its answer.

    Args:
        work: The closure.
        writes: Whether it may write.

    Attributes:
        writes: Whether it may write.
        is_given_up: Whether the caller was cancelled before the job was claimed.
    """

    __slots__ = ("_caller", "_context", "_is_settled", "_outcome", "_ticket", "_work", "is_given_up", "writes")

    def __init__(self, work: Callable[[Repositories], Awaitable[T]], *, writes: bool) -> None:
        self.writes = writes
        self.is_given_up = False
        self._work = work
        # The closure logs with its caller's context variables, whichever thread it runs on.
        self._context = copy_context()
        # A lock that is taken once and never released: the cheapest compare-and-swap between threads.
        self._ticket = Lock()
        self._is_settled = False
        self._caller: trio.lowlevel.Task | None = None
        self._outcome: Outcome[T] | None = None

    @property
    def ended_well(self) -> bool:
        """Whether the answer is a value."""
        return isinstance(self._outcome, Value)

    def run(self, session: Session) -> None:
        """Carry the closure out on the calling thread; its answer is kept until :meth:`settle`."""
        repositories = SqlRepositories.of(session, TOOLS)
        self._outcome = capture(self._context.run, drive, self._work, repositories)
        session.end()

    def claim(self) -> bool:
        """Tell whether the job may be committed; after that it can no longer be given up."""
        return self._ticket.acquire(blocking=False)

    def fail(self, error: BaseException) -> None:
        """Answer with ``error`` unless the closure itself raised; each job needs an error of its own."""
        if not isinstance(self._outcome, Error):
            self._outcome = Error(error)

    def settle(self) -> None:
        """Wake the caller; on the Trio thread."""
        self._is_settled = True
        caller, self._caller = self._caller, None
        if caller is not None:
            trio.lowlevel.reschedule(caller)

    async def answer(self) -> T:
        """Wait for the answer, and give the job up when cancelled.

        Raises:
            BaseException: What the closure raised, or why it could not be committed.
        """
        if not self._is_settled:
            # One caller waits once, so the scheduler itself will do: an event takes twice the time.
            self._caller = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._give_up)
        if self._outcome is None:
            raise RuntimeError("the job was settled before it was carried out")
        answer: T = self._outcome.unwrap()
        return answer

    def _give_up(self, _raise_cancel: object) -> trio.lowlevel.Abort:
        self._caller = None
        # No effect on a job that may be committed already.
        self.is_given_up = self._ticket.acquire(blocking=False)
        return trio.lowlevel.Abort.SUCCEEDED


Jobs: TypeAlias = SimpleQueue[Job[Any] | None]
"""Jobs in the order they were asked for; None ends whoever serves them.

Unbounded, because every job has a caller who waits for it: there are never more jobs than tasks.
"""
