"""How tasks and executions conclude: pure, and the same wherever it is asked.

A workflow asks while it is replayed; a worker asks when the tool of the last task has ended, so that the end of the
task and the end of the execution are recorded in one transaction.
"""

from collections.abc import Mapping

import attrs

from compozy.domain.definitions import TaskDefinition
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView
from compozy.domain.work import Closing, ExecutionRequest, TaskOutcome
from compozy.engine import planning, scopes
from compozy.templates import Sources


def view_of(
    sources: Sources,
    task: TaskDefinition,
    input_: JsonObject,
    outcome: TaskOutcome,
    *,
    scope: JsonObject,
    children: Mapping[str, TaskView] | None = None,
) -> TaskView:
    """Return a task that has ended as templates see it; one whose ``outputs`` cannot be rendered has failed."""
    view = TaskView(
        status=outcome.status,
        output=None if children else outcome.output,
        error=outcome.error,
        input=input_,
        children=children or {},
    )
    if outcome.status is not Status.SUCCESS or task.outputs is None:
        return view
    try:
        shaped = scopes.task_output(sources, task.outputs, view, outcome, scope)
    except InvalidError as error:
        return attrs.evolve(view, status=Status.FAILED, error=template_failure(error))
    return attrs.evolve(view, output=shaped)


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
        error = attrs.evolve(cause, message=f"task {last!r}: {cause.message}")
        return TaskOutcome(status=view.status, error=error)
    try:
        output = scopes.execution_output(sources, request, tasks, Status.SUCCESS)
    except InvalidError as invalid:
        return TaskOutcome(status=Status.FAILED, error=template_failure(invalid))
    return TaskOutcome(status=Status.SUCCESS, output=output)


def closing_outcome(sources: Sources, closing: Closing, input_: JsonObject, outcome: TaskOutcome) -> TaskOutcome | None:
    """Return how the execution ended with this task; None when another one follows."""
    request, task = closing.request, closing.task
    scope = scopes.execution_scope(request, closing.tasks)
    view = view_of(sources, task, input_, outcome, scope=scope)
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


def template_failure(error: InvalidError) -> Failure:
    """Return the failure of a task, or an execution, whose templates cannot be rendered."""
    return Failure(code="TEMPLATE_INVALID", message=str(error))
