"""The orchestrator: what carries an execution through crashes to its end."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.executions import WorkflowState
from compozy.domain.views import TaskView
from compozy.domain.work import Signal


class Orchestrator(ABC):
    """A durable engine that runs compiled workflows.

    What is told to an execution is told when the call returns, whatever process dies; the execution heeds it when a
    worker has it in hand. All of it may be told again: a signal is known by its event, and the rest says how things
    are to be.
    """

    @abstractmethod
    async def start(
        self,
        state: WorkflowState,
        definition: WorkflowDefinition,
        project: Project,
        *,
        earlier: Mapping[str, TaskView] | None = None,
    ) -> None:
        """Begin the execution, or do nothing when it has begun already.

        When this returns the execution goes on to its end whatever process dies.

        Args:
            state: The execution.
            definition: Its workflow, which it keeps to its end.
            project: The project of the workflow.
            earlier: Tasks that ended in the execution which it repeats, by id; None for none.

        Raises:
            InvalidError: The engine will never take it, for instance because it is too large.
            UnavailableError: The engine cannot be reached now. The execution may or may not have begun: call again.
        """

    @abstractmethod
    async def signal(self, exec_id: str, signal: Signal) -> None:
        """Tell an execution that something happened.

        Raises:
            NotFoundError: It has not begun, or has ended.
            UnavailableError: The engine cannot be reached now: call again.
        """

    @abstractmethod
    async def cancel(self, exec_id: str) -> None:
        """Tell an execution to stop what it does and end as CANCELED.

        Raises:
            NotFoundError: It has not begun, or has ended.
            UnavailableError: The engine cannot be reached now: call again.
        """

    @abstractmethod
    async def pause(self, exec_id: str) -> None:
        """Tell an execution to begin no further task; those that run go on to their end.

        Raises:
            NotFoundError: It has not begun, or has ended.
            UnavailableError: The engine cannot be reached now: call again.
        """

    @abstractmethod
    async def resume(self, exec_id: str) -> None:
        """Tell an execution to go on.

        Raises:
            NotFoundError: It has not begun, or has ended.
            UnavailableError: The engine cannot be reached now: call again.
        """
