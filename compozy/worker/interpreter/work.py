"""How an execution has work done that touches the world: by activities."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import attrs
from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityCancellationType

from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import Closing, ExecutionRequest, Shaping, TaskOutcome, TaskRequest, Work
from compozy.engine import planning
from compozy.engine.naming import pruned
from compozy.templates import reads
from compozy.worker.interpreter.cancelling import raise_if_canceled
from compozy.worker.interpreter.patience import HEARTBEAT, SLACK, UNTIL_IT_WORKS
from compozy.worker.interpreter.runs import Runner, TaskRun
from compozy.worker.names import RUN_TASK

_MOST_CLOSED: Final = 500
"""How many tasks may have ended for the last one to be recorded in one transaction with the end of the execution."""


async def do(runner: Runner, run: TaskRun, work: Work, *, limit: timedelta, is_long: bool) -> TaskOutcome:
    """Have a worker do the work of a task run; return how it ended, which is recorded.

    Cancelling returns when the work has been stopped; it may have ended in that moment, and then it is returned.

    Args:
        runner: What is still to be written of the execution goes along.
        run: The task run.
        work: What to do.
        limit: How long it may take.
        is_long: Whether it declares to take long; short work is done within the step of the workflow that asks for it.
    """
    earlier = runner.records.take_unwritten()
    request = TaskRequest(
        task=run.state,
        work=work,
        timeout=limit,
        shaping=_shaping(run),
        tried=run.attempt,
        retry=run.task.retry,
        earlier=earlier,
        traceparent=run.frame.request.traceparent,
    )
    is_queued = is_long or run.frame.queues or run.task.limits.schedule_to_close is not None
    try:
        if is_queued:
            outcome = await _queued(request, run)
        elif run.frame.group is not None:
            outcome = await run.frame.group.do(request)
        else:
            outcome = await _local(request, run, runner.ended)
    except (ActivityError, asyncio.CancelledError):
        runner.records.put_back(earlier)  # nobody knows whether it came to be written
        raise
    runner.records.concluded = outcome.concluded or runner.records.concluded
    if outcome.is_told and outcome.concluded is None:
        await _heed(runner, run, outcome, earlier)
    return outcome


async def _heed(runner: Runner, run: TaskRun, outcome: TaskOutcome, earlier: tuple[TaskState, ...]) -> None:
    """Wait for the order that the worker knows of (:mod:`compozy.engine.orders`), which may have stopped the work."""
    is_canceled = outcome.status is Status.CANCELED
    if is_canceled:
        runner.records.put_back(earlier)  # it may have been stopped before anything was written
    await runner.control.heed(is_canceled=is_canceled)
    raise_if_canceled()
    if is_canceled:  # by an order that did not come after all; nobody has recorded the end
        runner.records.note_end(run.state, outcome)


async def _queued(request: TaskRequest, run: TaskRun) -> TaskOutcome:
    limits = run.task.limits
    outcome: TaskOutcome = await workflow.execute_activity(
        RUN_TASK,
        request,
        result_type=TaskOutcome,
        start_to_close_timeout=request.timeout + SLACK,
        schedule_to_start_timeout=limits.schedule_to_start,
        heartbeat_timeout=limits.heartbeat or HEARTBEAT,
        retry_policy=UNTIL_IT_WORKS,
        activity_id=_activity_id(request),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    return outcome


async def _local(request: TaskRequest, run: TaskRun, ended: Mapping[str, TaskView]) -> TaskOutcome:
    outcome: TaskOutcome = await workflow.execute_local_activity(
        RUN_TASK,
        attrs.evolve(request, closing=_closing(run, ended)),
        result_type=TaskOutcome,
        start_to_close_timeout=request.timeout + SLACK,
        retry_policy=UNTIL_IT_WORKS,
        activity_id=_activity_id(request),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )
    return outcome


def _activity_id(request: TaskRequest) -> str:
    return request.task.task_exec_id if request.tried == 1 else f"{request.task.task_exec_id}@{request.tried}"


def _closing(run: TaskRun, ended: Mapping[str, TaskView]) -> Closing | None:
    """Return what the worker needs to end the execution with this task; None when something follows in any case.

    Only for local activities, whose arguments are not recorded: in a queued one they would swell the history. And only
    while that is little: it is written and read for every task that may be the last.
    """
    goes_on = all(planning.transition_after(run.task, status) for status in (Status.SUCCESS, Status.FAILED))
    if not run.frame.is_top or goes_on or sum(map(_size_of, ended.values())) > _MOST_CLOSED:
        return None
    request = run.frame.request
    definition = attrs.evolve(request.definition, tasks=(), tools={}, agents={}, memories={}, input_schema=None)
    trimmed: ExecutionRequest = attrs.evolve(request, definition=definition, earlier={})
    return Closing(request=trimmed, task=run.task, tasks=dict(ended))


def _size_of(view: TaskView) -> int:
    """Return how many tasks are in a view, itself included."""
    return 1 + sum(_size_of(child) for child in (view.children or {}).values())


def _shaping(run: TaskRun) -> Shaping | None:
    task = run.task
    tool = run.frame.request.definition.tools.get(task.tool) if task.tool is not None else None
    tool_schema = tool.output_schema if tool is not None else None
    if task.outputs is None and task.output_schema is None and tool_schema is None:
        return None
    scope = {} if task.outputs is None else pruned(run.scope, reads(task.outputs))
    return Shaping(tool_schema=tool_schema, output_schema=task.output_schema, outputs=task.outputs, scope=scope)
