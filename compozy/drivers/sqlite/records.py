"""Rows and values: how a recorded state looks as a row of its table.

Moments are ISO-8601 UTC text of fixed width rather than integers: text order is time order all the same, and whoever
opens the file with an SQLite shell can read it. JSON is written in ASCII, so that every string that JSON can carry,
NUL and lone surrogates included, comes back as it was.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import MAX_DEPTH, Json, is_too_deep
from compozy.domain.statuses import Status

Row: TypeAlias = tuple[Any, ...]
"""One row as ``sqlite3`` gives and takes it."""

WORKFLOW_COLUMNS: Final = (
    "exec_id",
    "workflow_id",
    "status",
    "input",
    "output",
    "error",
    "created_at",
    "updated_at",
)
TASK_COLUMNS: Final = (
    "task_exec_id",
    "task_id",
    "type",
    "exec_id",
    "workflow_id",
    "parent_id",
    "status",
    "input",
    "output",
    "error",
    "attempt",
    "created_at",
    "updated_at",
)


def workflow_row(state: WorkflowState) -> Row:
    """Return the state as a row, in the order of :data:`WORKFLOW_COLUMNS`.

    Raises:
        InvalidError: It holds something that is not JSON, or a moment without a time zone.
    """
    return (
        state.exec_id,
        state.workflow_id,
        state.status,
        _json_text(state.input, "input"),
        _optional_json_text(state.output, "output"),
        _failure_text(state.error),
        moment_text(state.created_at, "created_at"),
        moment_text(state.updated_at, "updated_at"),
    )


def workflow_state(row: Row) -> WorkflowState:
    """Return the state that a row in the order of :data:`WORKFLOW_COLUMNS` records."""
    exec_id, workflow_id, status, input_, output, error, created_at, updated_at = row
    return WorkflowState(
        exec_id=exec_id,
        workflow_id=workflow_id,
        status=Status(status),
        input=json.loads(input_),
        output=None if output is None else json.loads(output),
        error=_failure(error),
        created_at=datetime.fromisoformat(created_at),
        updated_at=datetime.fromisoformat(updated_at),
    )


def task_row(state: TaskState) -> Row:
    """Return the state as a row, in the order of :data:`TASK_COLUMNS`.

    Raises:
        InvalidError: It holds something that is not JSON, or a moment without a time zone.
    """
    return (
        state.task_exec_id,
        state.task_id,
        state.type,
        state.exec_id,
        state.workflow_id,
        state.parent_id,
        state.status,
        _json_text(state.input, "input"),
        _optional_json_text(state.output, "output"),
        _failure_text(state.error),
        state.attempt,
        moment_text(state.created_at, "created_at"),
        moment_text(state.updated_at, "updated_at"),
    )


def task_state(row: Row) -> TaskState:
    """Return the state that a row in the order of :data:`TASK_COLUMNS` records."""
    (task_exec_id, task_id, type_, exec_id, workflow_id, parent_id, *rest) = row
    status, input_, output, error, attempt, created_at, updated_at = rest
    return TaskState(
        task_exec_id=task_exec_id,
        task_id=task_id,
        type=TaskType(type_),
        exec_id=exec_id,
        workflow_id=workflow_id,
        parent_id=parent_id,
        status=Status(status),
        input=json.loads(input_),
        output=None if output is None else json.loads(output),
        error=_failure(error),
        attempt=attempt,
        created_at=datetime.fromisoformat(created_at),
        updated_at=datetime.fromisoformat(updated_at),
    )


def moment_text(moment: datetime, key: str) -> str:
    """Return the moment as ``2026-11-23T08:30:00.000000Z``.

    Args:
        moment: Aware, in any time zone.
        key: What the caller calls it, for the error.

    Raises:
        InvalidError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise InvalidError(Problem(message=f"{moment} has no time zone", key=key, hint="pass an aware datetime"))
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _json_text(value: Json, key: str) -> str:
    if is_too_deep(value):
        raise InvalidError(Problem(message=f"nested deeper than {MAX_DEPTH} levels", key=key, hint="flatten it"))
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidError(Problem(message=f"not storable as JSON: {error}", key=key)) from error


def _optional_json_text(value: Json, key: str) -> str | None:
    return None if value is None else _json_text(value, key)


def _failure_text(failure: Failure | None) -> str | None:
    if failure is None:
        return None
    return _json_text({"code": failure.code, "message": failure.message, "details": failure.details}, "error")


def _failure(text: str | None) -> Failure | None:
    return None if text is None else Failure(**json.loads(text))
