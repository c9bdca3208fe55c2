"""How tasks and executions conclude: pure, and the same wherever it is asked.

A workflow asks while it is replayed; a worker asks when the tool of the last task has ended, so that the end of the
task and the end of the execution are recorded in one transaction.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import uuid4

import attrs

from compozy.domain.definitions import TaskDefinition, TaskType
from compozy.domain.errors import InvalidError, TaskError
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import Closing, ExecutionRequest, TaskOutcome, TaskRequest
from compozy.engine import planning, scopes
from compozy.engine.checking import check_output
from compozy.templates import Sources, TemplateError
from compozy.templates.cel import ExpressionError


def view_of(
    sources: Sources,
    task: TaskDefinition,
    input_: JsonObject,
    outcome: TaskOutcome,
    *,
    scope: JsonObject,
    children: Mapping[str, TaskView] | None = None,
) -> TaskView:
    """Return a task that has ended as templates see it; one whose ``outputs`` cannot be rendered has failed.

    Args:
        sources: For the templates.
        task: The task.
        input_: Its rendered input.
        outcome: How it ended.
        scope: What its templates see.
        children: How the tasks in it ended, by id; None for what is no container.
    """
    view = TaskView(
        status=outcome.status,
        output=outcome.output if children is None else None,
        error=outcome.error,
        input=input_,
        children=children,
    )
    # The raw output of an aggregate is its ``outputs``, rendered.
    if outcome.status is not Status.SUCCESS or task.outputs is None or task.type is TaskType.AGGREGATE:
        return view
    if task.type is TaskType.COMPOSITE:
        scope = scopes.after_siblings(scope, view.children or {})
    try:
        shaped = scopes.task_output(sources, task.outputs, view, outcome, scope)
    except InvalidError as error:
        return attrs.evolve(view, status=Status.FAILED, error=failure_of(error))
    return attrs.evolve(view, output=shaped)


def shaped(request: TaskRequest, outcome: TaskOutcome, *, now: Callable[[], datetime]) -> TaskOutcome:
    """Return how a task ended whose output may not be what the task asks for, which fails it.

    Args:
        request: The task run.
        outcome: How its work ended.
        now: For its templates.
    """
    shaping = request.shaping
    if shaping is None or outcome.status is not Status.SUCCESS:
        return outcome
    view = TaskView(status=outcome.status, output=outcome.output, input=request.task.input)
    try:
        check_output(outcome.output, shaping.tool_schema)
        check_output(outcome.output, shaping.output_schema)
        if shaping.outputs is not None:
            sources = Sources(now=now, uuid4=lambda: str(uuid4()))
            scopes.task_output(sources, shaping.outputs, view, outcome, shaping.scope)
    except (InvalidError, TaskError) as error:
        return attrs.evolve(outcome_of(error), output=outcome.output)
    return outcome


def final_outcome(sources: Sources, request: ExecutionRequest, tasks: Mapping[str, TaskView], last: str) -> TaskOutcome:
    """Return how the execution ended after whose task ``last`` nothing follows.

    Args:
        sources: For the templates of the execution's ``outputs``.
        request: The execution.
        tasks: All tasks that have ended, ``last`` among them.
        last: The task that ended it.
    """
    view = tasks[last]
    if view.status is not Status.SUCCESS:
        cause = view.error or Failure(code=view.status.value, message=f"it ended {view.status.value}")
        return TaskOutcome(status=view.status, error=_told_of(last, cause))
    try:
        output = scopes.execution_output(sources, request, tasks, Status.SUCCESS)
    except InvalidError as invalid:
        return TaskOutcome(status=Status.FAILED, error=failure_of(invalid))
    return TaskOutcome(status=Status.SUCCESS, output=output)


def stranded_outcome(last: str, error: InvalidError) -> TaskOutcome:
    """Return how the execution ended whose way on from the task ``last`` could not be rendered."""
    return TaskOutcome(status=Status.FAILED, error=_told_of(last, failure_of(error)))


def closing_outcome(sources: Sources, asked: TaskRequest, closing: Closing, outcome: TaskOutcome) -> TaskOutcome | None:
    """Return how the execution ended with this task; None when another one follows.

    Args:
        sources: For the templates.
        asked: The task run.
        closing: What is known of the execution.
        outcome: How the task ended.
    """
    request, task = closing.request, closing.task
    # What the task's own templates see is more than what the execution has: its ``.env``, for example.
    scope = asked.shaping.scope if asked.shaping is not None else {}
    view = view_of(sources, task, asked.task.input, outcome, scope=scope)
    if planning.transition_after(task, view.status) is not None:
        return None
    return final_outcome(sources, request, {**closing.tasks, task.id: view}, task.id)


def final_state(request: ExecutionRequest, final: TaskOutcome) -> WorkflowState:
    """Return the state to record for an execution that ended so; the time of the end is whoever records it's to say."""
    return WorkflowState(
        exec_id=request.exec_id,
        workflow_id=request.definition.id,
        status=final.status,
        input=request.input,
        output=final.output,
        error=final.error,
        created_at=request.accepted_at,
        updated_at=request.accepted_at,
    )


def failure_of(error: InvalidError | TaskError) -> Failure:
    """Return the failure of a task, or an execution, in whose way this was."""
    if isinstance(error, TaskError):
        return Failure(code=error.error_code, message=str(error), details=error.details)
    if isinstance(error, TemplateError):
        return Failure(code="TEMPLATE_INVALID", message=str(error))
    code = "EXPRESSION_INVALID" if isinstance(error, ExpressionError) else "INVALID"
    return Failure(code=code, message=str(error))


def outcome_of(error: InvalidError | TaskError) -> TaskOutcome:
    """Return how a task ended in whose way this was."""
    failure = failure_of(error)
    return TaskOutcome(status=Status.TIMED_OUT if failure.code == "TIMED_OUT" else Status.FAILED, error=failure)


def _told_of(task_id: str, cause: Failure) -> Failure:
    return attrs.evolve(cause, message=f"task {task_id!r}: {cause.message}")
