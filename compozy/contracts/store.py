"""The store: where executions and their tasks are recorded."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import attrs

from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class WorkflowFilter:
    """Which executions a listing wants; None means any.

    Attributes:
        workflow_id: Only executions of this workflow.
        statuses: Only executions that stand so; None means any, an empty set none.
    """

    workflow_id: str | None = None
    statuses: frozenset[Status] | None = None


@attrs.frozen(kw_only=True)
class Page:
    """One page of a listing.

    Attributes:
        items: Newest first.
        next_cursor: What to pass to get the page after this one; None at the end.
    """

    items: tuple[WorkflowState, ...]
    next_cursor: str | None = None


class WorkflowStates(ABC):
    """The recorded workflow executions, within one transaction."""

    @abstractmethod
    async def upsert(self, state: WorkflowState) -> WorkflowState:
        """Write ``state`` unless the recorded status may not be followed by it; return what is recorded now.

        A write that comes late is dropped, not an error (``compozy.domain.statuses.SUCCESSORS``), so writes may
        arrive in any order and any number of times. ``created_at``, ``workflow_id`` and ``input`` keep the value
        of the first write.

        Raises:
            InvalidError: A value is not JSON or nested too deep, or a moment has no time zone.
        """

    @abstractmethod
    async def get(self, exec_id: str) -> WorkflowState:
        """Return the execution.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def list(self, where: WorkflowFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Return executions, newest first.

        Newest by ``created_at``, then by id. Pages are stable under inserts: an execution that is created after the
        first page was read appears on none of the later ones, and none is seen twice or left out.

        Args:
            where: Which executions.
            cursor: ``next_cursor`` of the page before, or None for the first.
            limit: How many at most, 1 to 1000.

        Raises:
            InvalidError: The cursor is not one of ours, or the limit is out of range.
        """


class TaskStates(ABC):
    """The recorded task runs, within one transaction."""

    @abstractmethod
    async def upsert_many(self, states: Iterable[TaskState]) -> Sequence[TaskState]:
        """Write each state as :meth:`WorkflowStates.upsert` would; return what is recorded now, in the same order.

        Only status, output, error, ``updated_at`` and ``attempt`` ever change, and ``attempt`` never shrinks.

        Raises:
            ConflictError: The execution that a task belongs to is not recorded; nothing was changed.
            InvalidError: A value is not JSON or nested too deep, or a moment has no time zone; nothing was changed.
        """

    @abstractmethod
    async def find(self, task_exec_id: str) -> TaskState | None:
        """Return the task run, or None when there is none with this id."""

    @abstractmethod
    async def list_by_workflow(self, exec_id: str) -> Sequence[TaskState]:
        """Return the task runs of one execution, oldest first (by creation, then id); empty when there are none."""


class Repositories(Protocol):
    """What a transaction works on; valid only while its closure runs."""

    @property
    def workflows(self) -> WorkflowStates:
        """The recorded workflow executions."""
        ...

    @property
    def tasks(self) -> TaskStates:
        """The recorded task runs."""
        ...


@attrs.frozen(kw_only=True)
class StoreStatistics:
    """How busy a store has been since it was opened.

    Attributes:
        driver: ``sqlite`` or ``postgres``.
        transactions: Closures that committed.
        rollbacks: Closures that raised.
        reads: Read-only closures that ended well.
        waiting: Closures that wait for their turn now.
    """

    driver: str
    transactions: int
    rollbacks: int
    reads: int
    waiting: int


class Store(ABC):
    """A place where executions are recorded durably.

    Every method is a checkpoint. A closure awaits the repositories and nothing else, and has no other effects:
    the driver may run it again after a conflict with another transaction, and may run it on another thread.
    """

    @abstractmethod
    async def transaction(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        """Run ``work`` in one transaction and return what it returns.

        What it wrote is durable when this returns. It rolls back when ``work`` raises. A caller that is cancelled
        before the commit began leaves nothing behind; one that is cancelled later may leave the whole transaction,
        never a part.

        Raises:
            UnavailableError: The database cannot be reached or written now; nothing was changed.
        """

    @abstractmethod
    async def read(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        """Run ``work`` on one consistent snapshot and return what it returns.

        It does not wait for transactions, and sees every one that ended before it was called.

        Raises:
            RuntimeError: ``work`` writes; nothing was changed.
            UnavailableError: The database cannot be reached now.
        """

    @abstractmethod
    async def ping(self) -> None:
        """Return when the database answers.

        Raises:
            UnavailableError: It does not.
        """

    @abstractmethod
    def statistics(self) -> StoreStatistics:
        """Return a snapshot of the counters."""
