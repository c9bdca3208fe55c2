"""What executions and their tasks are in a trace."""

from contextlib import AbstractContextManager

from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.work import TaskOutcome, TaskRequest, ToolWork
from compozy.telemetry.tracing import EndedExecution, Outcome, Tracing


def task_span(tracing: Tracing, request: TaskRequest, started: TaskState) -> AbstractContextManager[Outcome]:
    """Return the span of one task run.

    Args:
        tracing: Who is told.
        request: The run.
        started: What is recorded of it.
    """
    return tracing.task(
        f"task {started.task_id}",
        exec_id=started.exec_id,
        traceparent=request.traceparent,
        attributes={
            "compozy.exec_id": started.exec_id,
            "compozy.workflow_id": started.workflow_id,
            "compozy.task_id": started.task_id,
            "compozy.task_exec_id": started.task_exec_id,
            **({"compozy.tool_id": request.work.tool_id} if isinstance(request.work, ToolWork) else {}),
            "compozy.attempt": started.attempt,
        },
    )


def tell_outcome(span: Outcome, outcome: TaskOutcome) -> None:
    """Say in the span of a run how it ended."""
    span.attributes["compozy.status"] = outcome.status.value
    span.error = None if outcome.error is None else outcome.error.message


def tell_execution(tracing: Tracing, ended: WorkflowState, traceparent: str | None) -> None:
    """Tell of an execution whose end has been recorded, and which was accepted in this span."""
    if tracing.is_on:
        tracing.execution(
            EndedExecution(
                exec_id=ended.exec_id,
                workflow_id=ended.workflow_id,
                status=ended.status.value,
                traceparent=traceparent,
                began=ended.created_at,
                ended=ended.updated_at,
                error=None if ended.error is None else ended.error.message,
            )
        )
