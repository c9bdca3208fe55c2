"""The Temporal worker, from its first poll to its last."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import compozy
from compozy.drivers.temporal.connection import Connection
from compozy.engine.task_runs import TaskRuns
from compozy.worker.activities import Activities
from compozy.worker.background import beside
from compozy.worker.workflow import ExecutionWorkflow

_GRACE: Final = timedelta(seconds=1)
"""How long activities may still run when the worker stops; after that they are cancelled, and run again later."""


_STICKY: Final = timedelta(seconds=5)
"""How long a step waits for the worker that had the execution in memory, before any other may take it."""


async def run_worker(
    connection: Connection,
    runs: TaskRuns,
    *,
    task_queue: str,
    started: Callable[[], object],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Work for the executions of a task queue until ``stop()`` returns, then finish what is nearly done.

    Cancelling ends the worker at once; what it was doing is given to another, or to the next start.

    Args:
        connection: Where the Temporal server is.
        runs: What carries the work out.
        task_queue: Where the orchestrator puts the work.
        started: Called when the worker has begun to ask for work.
        stop: Returns when the worker is to end.
    """
    host = connection.host
    worker = await host.call(_make_worker, connection, runs, task_queue)

    async def shut_down() -> None:
        await stop()
        await host.call(worker.shutdown)

    async with beside(shut_down):
        started()
        await host.call(worker.run)


async def _make_worker(connection: Connection, runs: TaskRuns, task_queue: str) -> Worker:  # noqa: ASYNC124 - on the loop
    activities = Activities(connection.host, runs)
    return Worker(
        connection.client,
        task_queue=task_queue,
        workflows=[ExecutionWorkflow],
        activities=[activities.run_tool, activities.record],
        # The sandbox imports every module anew for each workflow; ours are checked by replay tests instead.
        workflow_runner=UnsandboxedWorkflowRunner(),
        # Without one of its own the SDK hashes every loaded module at start.
        build_id=f"compozy-{compozy.__version__}",
        max_eager_activity_reservations_per_workflow_task=50,
        graceful_shutdown_timeout=_GRACE,
        sticky_queue_schedule_to_start_timeout=_STICKY,
    )
