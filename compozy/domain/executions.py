"""The recorded state of workflow executions and of their tasks."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from compozy.domain.definitions import TaskType
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status


@attrs.frozen(kw_only=True)
class Failure:
    """Why a task or an execution did not succeed.

    Attributes:
        code: Stable, upper-case name for machines (``TOOL_FAILED``, ``TIMED_OUT``).
        message: What happened, for people.
        details: More for the reader, JSON.
    """

    code: str
    message: str
    details: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class WorkflowState:
    """One execution of a workflow, as the store holds it.

    Attributes:
        exec_id: Opaque; sorts by creation.
        workflow_id: Which workflow runs.
        status: Where it stands.
        input: The input with the schema's defaults applied.
        output: What it produced; None until it has ended well.
        error: Why it did not succeed; None otherwise.
        parent_exec_id: The execution that started this one, or that it repeats; None when somebody else asked for it.
        trigger: What templates see as ``.trigger``; None when somebody asked for it.
        first_task: The task at the top that runs first; None means the first one of the workflow.
        created_at: When it was accepted (UTC, microseconds).
        updated_at: When this state was written (UTC, microseconds).
    """

    exec_id: str
    workflow_id: str
    status: Status
    input: JsonObject
    output: Json = None
    error: Failure | None = None
    parent_exec_id: str | None = None
    trigger: JsonObject | None = None
    first_task: str | None = None
    created_at: datetime
    updated_at: datetime


@attrs.frozen(kw_only=True)
class TaskState:
    """One run of one task, as the store holds it.

    Attributes:
        task_exec_id: Opaque; sorts by creation.
        task_id: Which task of the workflow.
        type: What kind of work it is.
        exec_id: The execution it belongs to.
        workflow_id: The workflow of that execution.
        parent_id: ``task_exec_id`` of the container it runs in; None at the top.
        status: Where it stands.
        input: The rendered input.
        output: What it produced, raw; None until it has ended well.
        error: Why it did not succeed; None otherwise.
        attempt: 1 on the first run; grows when the same run is carried out again after a crash.
        awaits: Name of the event that it waits for; None when it waits for none.
        created_at: When it started (UTC, microseconds).
        updated_at: When this state was written (UTC, microseconds).
    """

    task_exec_id: str
    task_id: str
    type: TaskType
    exec_id: str
    workflow_id: str
    parent_id: str | None = None
    status: Status
    input: JsonObject
    output: Json = None
    error: Failure | None = None
    attempt: int = 1
    awaits: str | None = None
    created_at: datetime
    updated_at: datetime


@attrs.frozen
class TaskNode:
    """A task run at its place in the tree of its execution.

    Attributes:
        task: The task run.
        depth: How many containers it is in; 0 at the top.
    """

    task: TaskState
    depth: int


@attrs.frozen(kw_only=True)
class Progress:
    """How far the children of a container are.

    Attributes:
        counts: How many of them stand so; a status that none has is left out.
    """

    counts: Mapping[Status, int]

    @property
    def total(self) -> int:
        """How many are recorded."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of them have ended, well or not."""
        return sum(count for status, count in self.counts.items() if status.is_terminal)
