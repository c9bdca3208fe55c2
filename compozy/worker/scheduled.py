"""The Temporal workflow that a schedule starts: an execution that records itself before it runs.

It is the execution, under its own id, and not the parent of one. So what a schedule knows of its workflows it knows of
executions: whether the last one still runs, and whom to cancel.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from compozy.domain.work import SCHEDULED_WORKFLOW, Due, DueRequest, ExecutionRequest
from compozy.worker.heeding import Heeding
from compozy.worker.interpreter.cancelling import finish
from compozy.worker.interpreter.patience import UNTIL_IT_WORKS
from compozy.worker.names import ACCEPT_DUE

NOT_RUN: Final = "NOT_RUN"
"""What the workflow returns when nothing is to run."""

_DUE_AT: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Where Temporal says when a schedule's workflow was due."""

_LIMIT: Final = timedelta(seconds=30)
"""How long one attempt to record it may take."""


@workflow.defn(name=SCHEDULED_WORKFLOW)
class ScheduledWorkflow(Heeding):
    """Runs one execution that was due; its id is the execution's."""

    @workflow.run
    async def run(self, due: Due) -> str:
        """Record the execution, run it, and return its final status."""
        request = await self._accept(due.workflow_id)
        if request is None:
            return NOT_RUN
        interpreter = self._prepare(request)
        if self._control.is_paused:  # it was, while it was being recorded
            await interpreter.tell_standing()
        return await self._carry_out(interpreter)

    async def _accept(self, workflow_id: str) -> ExecutionRequest | None:
        """Have it recorded. Cancelling does not interrupt that: what is recorded has to be run, or ended."""
        info = workflow.info()
        due_at = info.typed_search_attributes.get(_DUE_AT) or info.workflow_start_time
        request = DueRequest(exec_id=info.workflow_id, workflow_id=workflow_id, due_at=_in_utc(due_at))
        accepting: asyncio.Task[ExecutionRequest | None] = asyncio.create_task(_recorded(request))
        return await finish(accepting)


async def _recorded(request: DueRequest) -> ExecutionRequest | None:
    accepted: ExecutionRequest | None = await workflow.execute_local_activity(
        ACCEPT_DUE,
        request,
        result_type=ExecutionRequest | None,  # type: ignore[arg-type]  # a union is no type, but the SDK takes it
        start_to_close_timeout=_LIMIT,
        retry_policy=UNTIL_IT_WORKS,
    )
    return accepted


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
