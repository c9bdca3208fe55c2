"""The activities: from Temporal's asyncio loop over to Trio, where the work is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import attrs
import trio
from temporalio import activity
from temporalio.exceptions import ApplicationError

from compozy.bridge import AsyncioHost
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import Status
from compozy.domain.work import RecordRequest, TaskOutcome, TaskOutcomes, TaskRequest, TaskRequests
from compozy.engine.orders import Orders
from compozy.engine.task_groups import run_together
from compozy.engine.task_runs import TaskRuns
from compozy.telemetry.facts import bind_facts
from compozy.telemetry.logger import get_logger
from compozy.worker.background import beside
from compozy.worker.names import RECORD, RUN_TASK, RUN_TASKS

_BEAT_S = 0.5
"""Seconds between two heartbeats of a queued activity, which learns so that it is cancelled.

The server gives it up after five without any.
"""

_log = get_logger(__name__)


@attrs.frozen
class Activities:
    """What a worker does for executions.

    Attributes:
        host: The asyncio loop that the worker runs on.
        runs: The work itself.
        crowd: How many tasks run at once of those that are handed out together.
        orders: What is told to executions meanwhile; a queued task hears of that from the server.
    """

    host: AsyncioHost
    runs: TaskRuns
    crowd: trio.CapacityLimiter
    orders: Orders

    @activity.defn(name=RUN_TASK)
    async def run_task(self, request: TaskRequest) -> TaskOutcome:
        """Do the work of one task; a queued one tells the server twice a second that it lives."""
        task = request.task
        # Until the end of this asyncio task, which the SDK made for this activity: what it logs later has them, too.
        bind_facts(
            exec_id=task.exec_id, workflow_id=task.workflow_id, task_id=task.task_id, task_exec_id=task.task_exec_id
        )
        run = self._run_obeying if activity.info().is_local else self._run_beating
        with sorting_errors():
            return await self.host.into_trio(run, request)

    @activity.defn(name=RUN_TASKS)
    async def run_tasks(self, several: TaskRequests) -> TaskOutcomes:
        """Do the work of several tasks at once; never queued."""
        task = several.requests[0].task
        bind_facts(exec_id=task.exec_id, workflow_id=task.workflow_id)
        work = partial(run_together, self._run_obeying, several.requests, limiter=self.crowd)
        with sorting_errors():
            return TaskOutcomes(outcomes=await self.host.into_trio(work))

    @activity.defn(name=RECORD)
    async def record(self, request: RecordRequest) -> Status | None:
        """Write states; return how the execution stands on record, when that was to be written."""
        subject = request.workflow or request.tasks[0]
        bind_facts(exec_id=subject.exec_id, workflow_id=subject.workflow_id)
        with sorting_errors():
            return await self.host.into_trio(self.runs.record, request)

    async def _run_obeying(self, request: TaskRequest) -> TaskOutcome:
        return await self.orders.obey(self.runs.run, request)

    async def _run_beating(self, request: TaskRequest) -> TaskOutcome:
        async with beside(self._beat):
            return await self.runs.run(request)

    async def _beat(self) -> None:
        # The activity's context variables came along to Trio and go back with the call, so the SDK knows whose beat
        # it is.
        while True:
            await self.host.call(_heartbeat)
            await trio.sleep(_BEAT_S)


@contextmanager
def sorting_errors() -> Iterator[None]:
    """Tell Temporal what to repeat: an activity that met an outage, until it is over. All else would fail again."""
    try:
        yield
    except UnavailableError as error:
        _log.warning("an activity is repeated until the outage is over", reason=str(error))
        raise
    except Exception as error:
        _log.error("an activity failed", exc_info=error)
        raise ApplicationError(f"{type(error).__name__}: {error}", non_retryable=True) from error


async def _heartbeat() -> None:  # noqa: ASYNC124 - the SDK wants to be called on its loop
    activity.heartbeat()
