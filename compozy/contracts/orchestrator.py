"""The orchestrator: what carries an execution through crashes to its end."""

from abc import ABC, abstractmethod

from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.executions import WorkflowState


class Orchestrator(ABC):
    """A durable engine that runs compiled workflows."""

    @abstractmethod
    async def start(self, state: WorkflowState, definition: WorkflowDefinition, project: Project) -> None:
        """Begin the execution, or do nothing when it has begun already.

        When this returns the execution goes on to its end whatever process dies.

        Raises:
            InvalidError: The engine will never take it, for instance because it is too large.
            UnavailableError: The engine cannot be reached now. The execution may or may not have begun: call again.
        """
