"""The store: where executions and their tasks are recorded, and who may ask for them.

In one module, long as it is, because whoever writes a driver needs all of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

import attrs

from compozy.domain.accounts import ApiKey, User
from compozy.domain.executions import Failure, Progress, TaskNode, TaskState, WorkflowState
from compozy.domain.json import Json
from compozy.domain.payloads import Payload
from compozy.domain.statuses import Status

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class WorkflowFilter:
    """Which executions a listing wants; None means any.

    Attributes:
        workflow_id: Only executions of this workflow.
        statuses: Only executions that stand so; None means any, an empty set none.
        parent_exec_id: Only those that this execution started.
        since: Only those created at this time or later, aware.
        until: Only those created before this time, aware.
    """

    workflow_id: str | None = None
    statuses: frozenset[Status] | None = None
    parent_exec_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


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
        arrive in any order and any number of times. ``created_at``, ``workflow_id``, ``input``, ``parent_exec_id``,
        ``trigger`` and ``first_task`` keep the value of the first write.

        Raises:
            InvalidError: A value is not JSON (nor is one with numbers for keys) or nested too deep, an id is empty,
                a text holds a NUL or half a character, or a moment has no time zone.
        """

    @abstractmethod
    async def update_status(
        self, exec_id: str, status: Status, *, at: datetime, output: Json = None, error: Failure | None = None
    ) -> WorkflowState:
        """Write how an execution stands now, guarded as :meth:`upsert`; return what is recorded now.

        Args:
            exec_id: The execution.
            status: Where it stands.
            at: When that was found, aware.
            output: What it produced, when it has ended well.
            error: Why it did not succeed, when it has not.

        Raises:
            NotFoundError: There is none with this id.
            InvalidError: As :meth:`upsert`.
        """

    @abstractmethod
    async def get(self, exec_id: str) -> WorkflowState:
        """Return the execution.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def get_with_tasks(self, exec_id: str) -> tuple[WorkflowState, Sequence[TaskState]]:
        """Return the execution, and its task runs as :meth:`TaskStates.list_by_workflow` does.

        A driver asks its database once for both.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def get_with_task(self, exec_id: str, task_exec_id: str) -> tuple[WorkflowState, TaskState | None]:
        """Return the execution, and that task run of it, or None when there is none with this id.

        A driver asks its database once for both.

        Raises:
            NotFoundError: There is no execution with this id.
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
            InvalidError: The cursor is not one of ours, the limit is out of range, or a moment has no time zone.
        """

    @abstractmethod
    async def unfinished(self) -> Mapping[Status, int]:
        """Return how many executions there are at each status that is not the last; one that none has is left out.

        Its cost grows with how many they are, not with how many have ended.
        """

    @abstractmethod
    async def delete(self, exec_id: str) -> None:
        """Forget an execution with all its tasks, however it stands.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def delete_older(self, before: datetime, *, limit: int = 500) -> int:
        """Forget executions that had ended before this time, the oldest first, with all their tasks.

        Call it again, each time in a transaction of its own, until it returns less than ``limit``.

        Args:
            before: Aware; compared with ``updated_at``, which an execution that has ended keeps.
            limit: How many at most, 1 to 1000.

        Returns:
            How many were forgotten.

        Raises:
            InvalidError: The limit is out of range, or the moment has no time zone.
        """


class TaskStates(ABC):
    """The recorded task runs, within one transaction."""

    @abstractmethod
    async def upsert_many(self, states: Iterable[TaskState]) -> Sequence[TaskState]:
        """Write each state as :meth:`WorkflowStates.upsert` would; return what is recorded now, in the same order.

        Only status, output, error, ``updated_at``, ``awaits`` and ``attempt`` ever change, and ``attempt`` never
        shrinks.

        Raises:
            ConflictError: The execution that a task belongs to is not recorded; nothing was changed.
            InvalidError: As :meth:`WorkflowStates.upsert`; nothing was changed.
        """

    @abstractmethod
    async def find(self, task_exec_id: str) -> TaskState | None:
        """Return the task run, or None when there is none with this id."""

    @abstractmethod
    async def list_by_workflow(self, exec_id: str) -> Sequence[TaskState]:
        """Return the task runs of one execution, oldest first (by creation, then id); empty when there are none."""

    @abstractmethod
    async def children(self, parent_id: str) -> Sequence[TaskState]:
        """Return the task runs right inside a container, oldest first; empty when there are none."""

    @abstractmethod
    async def hierarchy(self, exec_id: str) -> Sequence[TaskNode]:
        """Return the task runs of one execution as a tree: each comes after its container, siblings oldest first.

        However deep it is. A task whose container is not recorded yet stands at the top meanwhile.
        """

    @abstractmethod
    async def progress(self, parent_id: str) -> Progress:
        """Return how far the task runs right inside a container are."""

    @abstractmethod
    async def awaiting(self, event: str, *, after: str = "", limit: int = 500) -> Sequence[str]:
        """Return the identifiers of executions with a task run that waits for an event, in order, by code point.

        Its cost grows with how many they are, not with how many wait for other events or have ended.

        Args:
            event: Its name.
            after: The last identifier of the page before.
            limit: How many at most, 1 to 1000.

        Raises:
            InvalidError: The limit is out of range.
        """


class Payloads(ABC):
    """Values that are too large to travel, within one transaction; each belongs to an execution and goes with it."""

    @abstractmethod
    async def put(self, key: str, content: bytes, *, exec_id: str, at: datetime) -> None:
        """Keep a value; when there is one with this key, nothing changes.

        Args:
            key: Stands for this content of this execution (``compozy.domain.payloads.payload_key``).
            content: The value.
            exec_id: The execution that it belongs to.
            at: Now, aware.

        Raises:
            ConflictError: The execution is not recorded.
            InvalidError: The key is empty, a text holds a NUL or half a character, or the moment has no time zone.
        """

    @abstractmethod
    async def find(self, key: str) -> bytes | None:
        """Return the value, or None when there is none with this key."""


class Users(ABC):
    """Who may use the API, within one transaction."""

    @abstractmethod
    async def add(self, user: User) -> None:
        """Record a user.

        Raises:
            DuplicateError: There is one with this id or this email.
            InvalidError: A text holds a NUL, or a moment has no time zone.
        """

    @abstractmethod
    async def get(self, user_id: str) -> User:
        """Return the user.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def find_by_email(self, email: str) -> User | None:
        """Return the user with this email, in whatever case it is written, or None."""

    @abstractmethod
    async def list(self) -> Sequence[User]:
        """Return all users, oldest first."""

    @abstractmethod
    async def delete(self, user_id: str) -> None:
        """Forget a user with all their keys.

        Raises:
            NotFoundError: There is none with this id.
        """


class ApiKeys(ABC):
    """The keys of users, within one transaction."""

    @abstractmethod
    async def add(self, key: ApiKey) -> None:
        """Record a key.

        Raises:
            DuplicateError: There is one with this id or this fingerprint.
            ConflictError: Its user is not recorded.
            InvalidError: A text holds a NUL, or a moment has no time zone.
        """

    @abstractmethod
    async def find(self, fingerprint: str) -> ApiKey | None:
        """Return the key with this fingerprint, revoked or not, or None."""

    @abstractmethod
    async def touch(self, key_id: str, at: datetime) -> None:
        """Note that a key was used; a time before the one noted changes nothing, nor does a key that is gone."""

    @abstractmethod
    async def revoke(self, key_id: str, at: datetime) -> ApiKey:
        """Refuse a key from now on; return it. One that is revoked already keeps its time.

        Raises:
            NotFoundError: There is none with this id.
        """

    @abstractmethod
    async def list(self, user_id: str) -> Sequence[ApiKey]:
        """Return a user's keys, oldest first; empty when there are none."""


class Kind(StrEnum):
    """The kinds of records; each comes after those that it refers to."""

    EXECUTIONS = "executions"
    TASKS = "tasks"
    USERS = "users"
    API_KEYS = "api_keys"
    PAYLOADS = "payloads"


Record: TypeAlias = WorkflowState | TaskState | User | ApiKey | Payload
"""One record of any kind; ``exec_id``, ``task_exec_id``, ``user_id``, ``key_id`` or ``key`` is its key."""


class Archive(ABC):
    """Every record just as it is, for whoever moves them from one store to another; within one transaction."""

    @abstractmethod
    async def count(self, kind: Kind) -> int:
        """Return how many records of this kind there are."""

    @abstractmethod
    async def page(self, kind: Kind, *, after: str = "", limit: int = 500) -> Sequence[Record]:
        """Return records in the order of their keys (by code point), those after the given key.

        Args:
            kind: Which.
            after: The key of the last record of the page before.
            limit: How many at most, 1 to 1000.
        """

    @abstractmethod
    async def add(self, records: Iterable[Record]) -> None:
        """Record each exactly as it is, with no guard but that it must be new.

        Raises:
            DuplicateError: One is there already; nothing was changed.
            ConflictError: One refers to a record that is not there; nothing was changed.
            InvalidError: This store cannot hold a value; nothing was changed.
        """


class Repositories(Protocol):
    """What a transaction works on; valid only while its closure runs.

    A text that some store could not hold, one with a NUL or half a character (a lone surrogate), is refused wherever it
    is passed, to look for it as well: InvalidError. A closure that goes on after an error of the domain, but
    UnavailableError, finds everything as if the refused call had not been made.
    """

    @property
    def workflows(self) -> WorkflowStates:
        """The recorded workflow executions."""
        ...

    @property
    def tasks(self) -> TaskStates:
        """The recorded task runs."""
        ...

    @property
    def payloads(self) -> Payloads:
        """Values that are too large to travel."""
        ...

    @property
    def users(self) -> Users:
        """Who may use the API."""
        ...

    @property
    def api_keys(self) -> ApiKeys:
        """The keys of users."""
        ...

    @property
    def archive(self) -> Archive:
        """Every record just as it is."""
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
        retries: How often a closure was run again after a conflict with another transaction.
    """

    driver: str
    transactions: int
    rollbacks: int
    reads: int
    waiting: int
    retries: int = 0


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
            UnavailableError: The database cannot be reached or written now; nothing was changed, unless the connection
                was lost during the commit, and then perhaps all of it.
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
