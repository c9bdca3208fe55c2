"""What clients get: domain values as JSON, with instants in ISO 8601 and a Z."""

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from quart import Response

from compozy.api.services import ActorReport
from compozy.contracts.store import Page
from compozy.domain.definitions import TaskDefinition, WorkflowDefinition
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import Json, JsonObject
from compozy.engine.events import ExecutionEvent
from compozy.engine.executions import Execution


def json_response(body: Json, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a JSON answer. ASCII only, so that a lone surrogate in a tool's output cannot break it."""
    return Response(json.dumps(body, separators=(",", ":")), status=status.value, content_type="application/json")


def instant(when: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC, with microseconds and a Z, so that texts sort as instants do."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def workflow_view(definition: WorkflowDefinition) -> JsonObject:
    """Return one line of the listing of workflows."""
    return {
        "id": definition.id,
        "description": definition.description,
        "version": definition.version,
        "input_schema": definition.input_schema,
    }


def workflow_detail_view(definition: WorkflowDefinition) -> JsonObject:
    """Return one workflow with an outline of its tasks."""
    return {**workflow_view(definition), "tasks": [_outline(task) for task in definition.tasks]}


def _outline(task: TaskDefinition) -> JsonObject:
    return {
        "id": task.id,
        "type": task.type.value,
        "tool": task.tool,
        "tasks": [_outline(child) for child in task.tasks],
    }


def execution_view(execution: Execution) -> JsonObject:
    """Return one execution with its tasks, oldest first."""
    state = execution.workflow
    return {
        **_summary(state),
        "input": state.input,
        "output": state.output,
        "trigger": state.trigger,
        "first_task": state.first_task,
        "tasks": [_task_view(task) for task in execution.tasks],
    }


def outcome_view(state: WorkflowState) -> JsonObject:
    """Return what a synchronous execution came to."""
    return {
        "exec_id": state.exec_id,
        "workflow_id": state.workflow_id,
        "status": state.status.value,
        "output": state.output,
        "error": _failure_view(state.error),
    }


def page_view(page: Page) -> JsonObject:
    """Return one page of a listing; input and output are left to the single execution, for they may be large."""
    return {"executions": [_summary(state) for state in page.items], "next_cursor": page.next_cursor}


def event_view(event: ExecutionEvent) -> JsonObject:
    """Return the data of one event; the keys of a task only when a task changed, and a reason only if there is one."""
    view: JsonObject = {
        "exec_id": event.exec_id,
        "workflow_id": event.workflow_id,
        "status": event.status.value,
        "at": instant(event.at),
    }
    if event.task_id is not None:
        view |= {"task_id": event.task_id, "task_exec_id": event.task_exec_id, "parent_id": event.parent_id}
    if event.type is not None:
        view["type"] = event.type.value
    if event.started_at is not None:
        view["started_at"] = instant(event.started_at)
    if event.reason is not None:
        view["reason"] = event.reason
    return view


def actor_view(actor: ActorReport) -> JsonObject:
    """Return how one actor stands, and how it came to be ready."""
    return {
        "name": actor.name,
        "state": actor.state,
        "ready": actor.ready,
        "since": instant(actor.since),
        "generation": actor.generation,
        "restarts": actor.restarts,
        "reason": actor.reason,
        "ready_after_s": _seconds(actor.ready_after),
        "ready_in_s": _seconds(actor.ready_in),
        "waited_for": actor.waited_for,
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)


def _summary(state: WorkflowState) -> JsonObject:
    return {
        "exec_id": state.exec_id,
        "workflow_id": state.workflow_id,
        "status": state.status.value,
        "error": _failure_view(state.error),
        "parent_exec_id": state.parent_exec_id,
        "created_at": instant(state.created_at),
        "updated_at": instant(state.updated_at),
    }


def _task_view(task: TaskState) -> JsonObject:
    return {
        "task_exec_id": task.task_exec_id,
        "task_id": task.task_id,
        "type": task.type.value,
        "parent_id": task.parent_id,
        "status": task.status.value,
        "attempt": task.attempt,
        "awaits": task.awaits,
        "input": task.input,
        "output": task.output,
        "error": _failure_view(task.error),
        "created_at": instant(task.created_at),
        "updated_at": instant(task.updated_at),
    }


def _failure_view(failure: Failure | None) -> JsonObject | None:
    return None if failure is None else {"code": failure.code, "message": failure.message, "details": failure.details}
