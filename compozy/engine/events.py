"""What the program tells itself and its watchers about executions, over the cache's pub/sub."""

import json
from datetime import datetime
from typing import Final

import attrs

from compozy.contracts.cache import PubSub
from compozy.domain.codec import from_json, to_json
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.json import Json
from compozy.domain.statuses import Status
from compozy.domain.views import SKIPPED

_WHY_SKIPPED: Final = "skipped: its condition is false"
_REASON_CHARACTERS: Final = 500


@attrs.frozen(kw_only=True)
class ExecutionEvent:
    """A change of one execution, or of one of its tasks.

    Attributes:
        exec_id: The execution.
        workflow_id: Its workflow.
        status: Where the execution, or the task, stands now.
        task_id: The task that changed; None when the execution itself did.
        task_exec_id: The run of that task; None when the execution itself changed.
        parent_id: ``task_exec_id`` of the container that the task runs in; None at the top.
        type: What kind of work the task is; None when the execution itself changed.
        started_at: When the task, or the execution, began (UTC).
        reason: Why it did not succeed, or did nothing; long ones are cut. None otherwise.
        at: When it changed (UTC).
    """

    exec_id: str
    workflow_id: str
    status: Status
    task_id: str | None = None
    task_exec_id: str | None = None
    parent_id: str | None = None
    type: TaskType | None = None
    started_at: datetime | None = None
    reason: str | None = None
    at: datetime

    @property
    def ends_execution(self) -> bool:
        """Whether nothing follows for this execution."""
        return self.task_id is None and self.status.is_terminal


def channel_of(exec_id: str) -> str:
    """Return the channel that carries the events of one execution."""
    return f"executions:{exec_id}"


def event_of(state: WorkflowState | TaskState) -> ExecutionEvent:
    """Return the event that tells of this recorded state."""
    return ExecutionEvent(
        exec_id=state.exec_id,
        workflow_id=state.workflow_id,
        status=state.status,
        task_id=state.task_id if isinstance(state, TaskState) else None,
        task_exec_id=state.task_exec_id if isinstance(state, TaskState) else None,
        parent_id=state.parent_id if isinstance(state, TaskState) else None,
        type=state.type if isinstance(state, TaskState) else None,
        started_at=state.created_at,
        reason=reason_of(state),
        at=state.updated_at,
    )


def reason_of(state: WorkflowState | TaskState) -> str | None:
    """Return why something did not succeed, or did nothing, as short as an event is to be; None otherwise."""
    if state.error is not None:
        return state.error.message[:_REASON_CHARACTERS]
    return _WHY_SKIPPED if isinstance(state, TaskState) and state.output == SKIPPED else None


async def publish(pubsub: PubSub, *states: WorkflowState | TaskState) -> None:
    """Tell whoever watches that these states have been recorded. Nobody listening is not an error.

    What was recorded together is told together, in one message for each execution: a message costs its sender, the
    cache and each reader more than what is in it.
    """
    told: dict[str, list[Json]] = {}
    for state in states:
        told.setdefault(channel_of(state.exec_id), []).append(to_json(event_of(state)))
    for channel, events in told.items():
        await pubsub.publish(channel, json.dumps(events))


def parse_events(payload: str) -> list[ExecutionEvent]:
    """Return the events that :func:`publish` put into a message, oldest first."""
    return [from_json(event, ExecutionEvent) for event in json.loads(payload)]


def parse_event(text: str) -> ExecutionEvent:
    """Return a single event, as a server sends it to those who follow an execution from elsewhere."""
    return from_json(json.loads(text), ExecutionEvent)
