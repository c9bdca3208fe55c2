"""The Temporal worker, from its first poll to its last."""

import warnings
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

import trio
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import compozy
from compozy.drivers.temporal.connection import Connection
from compozy.engine.orders import Orders
from compozy.engine.schedules.starting import DueExecutions
from compozy.engine.task_runs import TaskRuns
from compozy.worker.activities import Activities
from compozy.worker.background import beside
from compozy.worker.due import DueActivities
from compozy.worker.polling import Polling
from compozy.worker.scheduled import ScheduledWorkflow
from compozy.worker.workflow import ChunkWorkflow, ExecutionWorkflow

_GRACE: Final = timedelta(seconds=1)
"""How long activities may still run when the worker stops; after that they are cancelled, and run again later."""


_BEATS_AT_MOST_EVERY: Final = timedelta(milliseconds=100)
"""The SDK would hold them back for seconds, but from their answers a queued activity learns that it is cancelled."""

_STICKY: Final = timedelta(seconds=5)
"""How long a step waits for the worker that had the execution in memory, before any other may take it."""


async def run_worker(
    connection: Connection,
    runs: TaskRuns,
    *,
    task_queue: str,
    concurrency: int,
    due: DueExecutions | None = None,
    started: Callable[[], object],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Work for the executions of a task queue until ``stop()`` returns, then finish what is nearly done.

    Cancelling ends the worker at once; what it was doing is given to another, or to the next start.

    Args:
        connection: Where the Temporal server is.
        runs: What carries the work out.
        task_queue: Where the orchestrator puts the work.
        concurrency: How many tasks at a time: of those that are carried out within a step of their execution, of those
            that are handed out together there, and of those that are queued.
        due: Records what schedules start; None leaves that to other workers.
        started: Called when the worker is there, and about to ask for work.
        stop: Returns when the worker is to end.
    """
    host = connection.host
    orders = Orders()
    polling = Polling(partial(_make_worker, connection, runs, orders, task_queue, concurrency, due))

    async def shut_down() -> None:
        await stop()
        await host.call(polling.shut_down)

    async def announce() -> None:
        await host.call(polling.wait_made)
        started()

    async with beside(partial(orders.listen, runs.pubsub)), beside(shut_down), beside(announce):
        await host.call(polling.run)


def _make_worker(
    connection: Connection,
    runs: TaskRuns,
    orders: Orders,
    task_queue: str,
    concurrency: int,
    due: DueExecutions | None,
) -> Worker:
    # A local activity that is cancelled when it has just ended is nothing to warn of: a race has such losers.
    warnings.filterwarnings("ignore", "Cannot find activity to cancel", UserWarning)
    activities = Activities(connection.host, runs, trio.CapacityLimiter(concurrency), orders)
    scheduled = [] if due is None else [ScheduledWorkflow]
    accepting = [] if due is None else [DueActivities(connection.host, due).accept]
    return Worker(
        connection.client,
        task_queue=task_queue,
        workflows=[ExecutionWorkflow, ChunkWorkflow, *scheduled],
        activities=[activities.run_task, activities.run_tasks, activities.record, *accepting],
        # The sandbox imports every module anew for each workflow; ours are checked by replay tests instead.
        workflow_runner=UnsandboxedWorkflowRunner(),
        # Without one of its own the SDK hashes every loaded module at start.
        build_id=f"compozy-{compozy.__version__}",
        max_eager_activity_reservations_per_workflow_task=50,
        max_concurrent_activities=concurrency,
        max_concurrent_local_activities=concurrency,
        max_heartbeat_throttle_interval=_BEATS_AT_MOST_EVERY,
        graceful_shutdown_timeout=_GRACE,
        sticky_queue_schedule_to_start_timeout=_STICKY,
    )
