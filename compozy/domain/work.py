"""What travels between the orchestrator and the workers: requests for work, and what came of it.

These values are part of every running execution's recorded history. A field may be added with a default; none may be
renamed, removed or given another meaning while executions from before may still run.
"""

from datetime import datetime, timedelta
from typing import Final

import attrs

from compozy.domain.definitions import TaskDefinition, WorkflowDefinition
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView

EXECUTION_WORKFLOW: Final = "compozy.execution"
"""The name under which the orchestrator and the workers know the one workflow that interprets every definition."""


@attrs.frozen(kw_only=True)
class ExecutionRequest:
    """All that an execution needs to run to its end, whatever happens to the project's files meanwhile.

    Attributes:
        exec_id: The execution.
        definition: The workflow as it was when the execution was accepted.
        input: The checked input.
        project: What templates see as ``.project``: ``{"name": ...}``.
        accepted_at: When the execution was accepted.
        env: What templates see as ``.env``: the variables that this workflow names, and no others, because they
            become part of the recorded history.
        traceparent: The span that it was accepted in (W3C Trace Context); None when there is none.
    """

    exec_id: str
    definition: WorkflowDefinition
    input: JsonObject
    project: JsonObject
    accepted_at: datetime
    env: JsonObject = attrs.Factory(dict)
    traceparent: str | None = None


@attrs.frozen(kw_only=True)
class Closing:
    """What a worker needs to end the execution together with a task, when nothing follows that task.

    Attributes:
        request: The execution.
        task: The task.
        tasks: The tasks that ended before it.
    """

    request: ExecutionRequest
    task: TaskDefinition
    tasks: dict[str, TaskView]


@attrs.frozen(kw_only=True)
class ToolRequest:
    """One task run that calls a tool.

    Attributes:
        task: The state to record when it starts, with the rendered input; its status is RUNNING.
        tool_id: Which tool.
        config: The tool's constant configuration.
        timeout: How long the call may take.
        earlier: States of tasks that ended without work of their own since the last record, to be written along.
        closing: Set when the execution may end with this task; then both ends are recorded in one transaction.
        traceparent: The span that the execution was accepted in; None when there is none.
    """

    task: TaskState
    tool_id: str
    config: JsonObject
    timeout: timedelta
    earlier: tuple[TaskState, ...] = ()
    closing: Closing | None = None
    traceparent: str | None = None


@attrs.frozen(kw_only=True)
class TaskOutcome:
    """How a task run ended.

    Attributes:
        status: A terminal status.
        output: The raw output; None when there is none.
        error: Why it did not succeed; None otherwise.
        concluded: How the execution ended with it, when that has been recorded already.
    """

    status: Status
    output: Json = None
    error: Failure | None = None
    concluded: Status | None = None


@attrs.frozen(kw_only=True)
class RecordRequest:
    """States to write in one transaction.

    Attributes:
        tasks: Task runs.
        workflow: The execution itself, when it has ended or changed.
        traceparent: The span that it was accepted in; None when there is none.
    """

    tasks: tuple[TaskState, ...] = ()
    workflow: WorkflowState | None = None
    traceparent: str | None = None
