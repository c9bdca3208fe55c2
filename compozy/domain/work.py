"""What travels between the orchestrator and the workers: requests for work, and what came of it.

These values are part of every running execution's recorded history. A field may be added with a default; none may be
renamed, removed or given another meaning while executions from before may still run. They are kept together for that
reason, which takes more than 400 lines.
"""

from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from compozy.domain.definitions import (
    MemoryDefinition,
    MemoryOperation,
    ModelDefinition,
    RetryPolicy,
    ScheduleDefinition,
    TaskDefinition,
    WorkflowDefinition,
)
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.views import TaskView

EXECUTION_WORKFLOW: Final = "compozy.execution"
"""The name under which the orchestrator and the workers know the one workflow that interprets every definition."""

SIGNAL: Final = "compozy.signal"
"""Tells an execution that something happened."""

PAUSE: Final = "compozy.pause"
"""Tells an execution to begin no further task."""

RESUME: Final = "compozy.resume"
"""Tells an execution to go on."""


SCHEDULED_WORKFLOW: Final = "compozy.scheduled"
"""The name of the workflow that a schedule starts: it records the execution, and then is it."""


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
        first_task: The task at the top that runs first; None means the first one of the definition.
        earlier: Tasks that ended in an execution which this one repeats, by id; templates see them.
        trigger: What templates see as ``.trigger``; None when somebody asked for the execution.
        traceparent: The span that it was accepted in (W3C Trace Context); None when there is none.
    """

    exec_id: str
    definition: WorkflowDefinition
    input: JsonObject
    project: JsonObject
    accepted_at: datetime
    env: JsonObject = attrs.Factory(dict)
    first_task: str | None = None
    earlier: dict[str, TaskView] = attrs.Factory(dict)
    trigger: JsonObject | None = None
    traceparent: str | None = None


@attrs.frozen(kw_only=True)
class Due:
    """What a schedule tells the workflows that it starts. Kept with the schedule, it says what that was made from.

    Attributes:
        workflow_id: Which workflow is due.
        schedule: When it is, without the input.
    """

    workflow_id: str
    schedule: ScheduleDefinition


@attrs.frozen(kw_only=True)
class DueRequest:
    """An execution to record because it is due.

    Attributes:
        exec_id: Its identifier.
        workflow_id: Which workflow.
        due_at: When it was due (UTC).
    """

    exec_id: str
    workflow_id: str
    due_at: datetime


@attrs.frozen(kw_only=True)
class Signal:
    """Something that happened, told to an execution.

    Attributes:
        name: Which kind of thing.
        payload: What there is to know about it.
        event_id: The same when it is told again; an execution takes each once.
        at: When it was told (UTC).
        sender: The execution that told it; None when a request did.
        depth: How many executions in a row led to it, each of which an event had started; the sender is the last.
    """

    name: str
    payload: JsonObject
    event_id: str
    at: datetime
    sender: str | None = None
    depth: int = 0


@attrs.frozen(kw_only=True)
class ToolWork:
    """A call of a tool.

    Attributes:
        tool_id: Which tool.
        config: Its constant configuration.
        env: Variables for its environment.
    """

    tool_id: str
    config: JsonObject
    env: dict[str, str] = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class AskMemory:
    """A conversation that a question goes on with.

    Attributes:
        memory: The memory that it is in.
        key: The conversation's key.
        read_only: Whether question and answer are not added to it.
    """

    memory: MemoryDefinition
    key: str
    read_only: bool = False


@attrs.frozen(kw_only=True)
class AskWork:
    """A question to a model.

    Attributes:
        model: The model.
        instructions: What it is told first; may be empty.
        prompt: The question.
        agent_id: The agent on whose behalf; None for a prompt of its own.
        action_id: The agent's action; None for none.
        output_schema: JSON Schema of the answer, which then is JSON; None takes text.
        memories: The conversations that it goes on with.
    """

    model: ModelDefinition
    instructions: str
    prompt: str
    agent_id: str | None = None
    action_id: str | None = None
    output_schema: JsonObject | None = None
    memories: tuple[AskMemory, ...] = ()


@attrs.frozen(kw_only=True)
class MemoryWork:
    """An operation on a conversation.

    Attributes:
        memory: Which memory.
        operation: What to do.
        key: The conversation's key.
        payload: What is written.
        limit: The most messages to read, the newest; None for all.
        offset: How many to pass over, from the oldest.
        is_prefix: Whether all conversations are meant whose keys begin with ``key``.
    """

    memory: MemoryDefinition
    operation: MemoryOperation
    key: str
    payload: Json = None
    limit: int | None = None
    offset: int = 0
    is_prefix: bool = False


@attrs.frozen(kw_only=True)
class SignalWork:
    """An event to tell to whoever waits for it or is started by it.

    Attributes:
        name: Which kind of thing happened.
        payload: What there is to know about it.
        tells_sender: Whether the execution that tells it is to be told too; else it knows already.
        depth: As that of the signal.
    """

    name: str
    payload: JsonObject
    tells_sender: bool = False
    depth: int = 0


Work: TypeAlias = ToolWork | AskWork | MemoryWork | SignalWork
"""What a task does that touches the world."""


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
class Shaping:
    """What a worker needs to see whether the output of a task is as the task wants it, before its end is recorded.

    Attributes:
        tool_schema: JSON Schema that the tool has for its output; None accepts any.
        output_schema: JSON Schema that the task has for it; None accepts any.
        outputs: The task's ``outputs``; None when it has none.
        scope: What their templates see, of all that there is.
    """

    tool_schema: JsonObject | None = None
    output_schema: JsonObject | None = None
    outputs: JsonObject | None = None
    scope: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class TaskRequest:
    """One task run that touches the world.

    Attributes:
        task: The state to record when it starts, with the rendered input; its status is RUNNING.
        work: What to do.
        timeout: How long that may take.
        shaping: How the output is checked; None when nothing is asked of it.
        tried: Which attempt this is, from 1.
        retry: Under which policy it is tried again; a run that will be is not recorded as ended. None tries once.
        earlier: States of tasks that ended without work of their own since the last record, to be written along.
        closing: Set when the execution may end with this task; then both ends are recorded in one transaction.
        traceparent: The span that the execution was accepted in; None when there is none.
    """

    task: TaskState
    work: Work
    timeout: timedelta
    shaping: Shaping | None = None
    tried: int = 1
    retry: RetryPolicy | None = None
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
        is_told: Whether the worker knows of an order to the execution that the orchestrator may still hold back.
    """

    status: Status
    output: Json = None
    error: Failure | None = None
    concluded: Status | None = None
    is_told: bool = False


@attrs.frozen(kw_only=True)
class TaskRequests:
    """Several task runs that are handed out together.

    Attributes:
        requests: The task runs.
    """

    requests: tuple[TaskRequest, ...]


@attrs.frozen(kw_only=True)
class TaskOutcomes:
    """How they ended.

    Attributes:
        outcomes: In their order.
    """

    outcomes: tuple[TaskOutcome, ...]


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


@attrs.frozen(kw_only=True)
class ChunkFrame:
    """What all parts of one large collection have in common; the same for each, so that it is kept once if it is large.

    Attributes:
        request: The execution, without what its children do not need.
        task: The collection.
        scope: What the templates of its children see, of all that there is.
        path: Its path in the execution.
        parent_id: ``task_exec_id`` of its run.
        queues: Whether even short work of its children is queued.
        env: The variables that the tools of its children are given by the containers around them.
    """

    request: ExecutionRequest
    task: TaskDefinition
    scope: JsonObject
    path: str
    parent_id: str
    queues: bool = False
    env: JsonObject = attrs.Factory(dict)


@attrs.frozen(kw_only=True)
class CollectionItem:
    """One item of a collection.

    Attributes:
        child_id: The id of the task that is run for it.
        index: Its number, from 0.
        item: The item.
    """

    child_id: str
    index: int
    item: Json


@attrs.frozen(kw_only=True)
class Chunk:
    """One part of a large collection, run by a workflow of its own.

    Attributes:
        items: Its items.
        is_paused: Whether it is to begin nothing yet.
        signals: What was told to the execution and is still kept.
    """

    items: tuple[CollectionItem, ...]
    is_paused: bool = False
    signals: tuple[Signal, ...] = ()


@attrs.frozen(kw_only=True)
class ChunkNews:
    """What was told to an execution while a part of a collection runs.

    Attributes:
        is_paused: Whether no further task may begin now.
        signals: What came.
    """

    is_paused: bool
    signals: tuple[Signal, ...] = ()


@attrs.frozen(kw_only=True)
class ChunkOutcome:
    """How one part of a large collection ended.

    Attributes:
        children: How its children ended, by id.
        is_settled: Whether one of them settled the whole collection.
        heard: The event ids of the signals that its waits have looked at, in order.
    """

    children: dict[str, TaskView]
    is_settled: bool
    heard: tuple[str, ...] = ()
