"""What every side can be asked, whatever it stands on."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import attrs

from compozy.domain.cursors import Position
from compozy.domain.executions import TaskNode, TaskState, WorkflowState


class Client(Protocol):
    """A database that is open; each method is a transaction of its own and returns values of the domain."""

    async def read(self, exec_id: str) -> WorkflowState:
        """Return an execution."""
        ...

    async def write(self, state: WorkflowState) -> WorkflowState:
        """Write an execution, guarded by its status, and return what is recorded."""
        ...

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        """Write tasks of one execution, guarded by their status, and return what is recorded."""
        ...

    async def page(self, after: Position | None, limit: int) -> Sequence[WorkflowState]:
        """Return executions, newest first."""
        ...

    async def tree(self, exec_id: str) -> Sequence[TaskNode]:
        """Return the tasks of an execution, each after its container."""
        ...


Worker = Callable[[], Awaitable[None]]


@attrs.frozen
class Side:
    """How a side is run.

    Attributes:
        run: Runs an async function with its arguments, and returns what it returns.
        open: Opens the database at a place.
        together: Runs a worker so many times at once.
    """

    run: Callable[..., Any]
    open: Callable[[str], AbstractAsyncContextManager[Client]]
    together: Callable[[Worker, int], Awaitable[None]]
