"""The activity that records executions which are due."""

import attrs
from temporalio import activity

from compozy.bridge import AsyncioHost
from compozy.domain.work import DueRequest, ExecutionRequest
from compozy.engine.schedules.starting import DueExecutions
from compozy.telemetry.facts import bind_facts
from compozy.worker.activities import sorting_errors
from compozy.worker.names import ACCEPT_DUE


@attrs.frozen
class DueActivities:
    """What a worker does for schedules.

    Attributes:
        host: The asyncio loop that the worker runs on.
        due: The work itself.
    """

    host: AsyncioHost
    due: DueExecutions

    @activity.defn(name=ACCEPT_DUE)
    async def accept(self, request: DueRequest) -> ExecutionRequest | None:
        """Record an execution; return what it needs to run, or None when it is not to."""
        bind_facts(exec_id=request.exec_id, workflow_id=request.workflow_id)
        with sorting_errors():
            return await self.host.into_trio(self.due.accept, request)
