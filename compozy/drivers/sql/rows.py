"""Rows and values: how a record looks as a row of its table, in any dialect.

JSON is text in ASCII, so that every string that JSON can carry, NUL and lone surrogates included, comes back as it was.
Other texts hold no NUL and no lone surrogate, because PostgreSQL cannot store them.
"""

import json
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs

from compozy.domain.accounts import ApiKey, Role, User
from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json import MAX_DEPTH, Json, is_too_deep
from compozy.domain.json_texts import find_loss
from compozy.domain.payloads import Payload
from compozy.domain.statuses import Status
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.session import Row

Values: TypeAlias = tuple[Any, ...]

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER: Final = json.JSONDecoder()


@attrs.frozen
class Rows:
    """Makes rows of records, and records of rows, in the order of ``compozy.drivers.sql.tables``.

    What makes a row raises InvalidError when the record holds something that cannot be stored.
    """

    _dialect: Dialect

    def of_workflow(self, state: WorkflowState) -> Values:
        """Return the row of an execution."""
        moment = self._dialect.moment_in
        return (
            key_value(state.exec_id, "exec_id"),
            text_value(state.workflow_id, "workflow_id"),
            state.status.value,
            json_value(state.input, "input"),
            optional_json_value(state.output, "output"),
            failure_value(state.error),
            optional_text_value(state.parent_exec_id, "parent_exec_id"),
            optional_json_value(state.trigger, "trigger"),
            optional_text_value(state.first_task, "first_task"),
            moment(state.created_at, "created_at"),
            moment(state.updated_at, "updated_at"),
        )

    def workflow(self, row: Row) -> WorkflowState:
        """Return the execution of a row."""
        moment = self._dialect.moment_out
        exec_id, workflow_id, status, input_, output, error, parent, *rest = row
        trigger, first_task, created_at, updated_at = rest
        return WorkflowState(
            exec_id=exec_id,
            workflow_id=workflow_id,
            status=Status(status),
            input=json_of(input_),
            output=None if output is None else json_of(output),
            error=_failure(error),
            parent_exec_id=parent,
            trigger=None if trigger is None else json_of(trigger),
            first_task=first_task,
            created_at=moment(created_at),
            updated_at=moment(updated_at),
        )

    def of_task(self, state: TaskState) -> Values:
        """Return the row of a task run."""
        moment = self._dialect.moment_in
        return (
            key_value(state.task_exec_id, "task_exec_id"),
            text_value(state.task_id, "task_id"),
            state.type.value,
            text_value(state.exec_id, "exec_id"),
            text_value(state.workflow_id, "workflow_id"),
            optional_text_value(state.parent_id, "parent_id"),
            state.status.value,
            json_value(state.input, "input"),
            optional_json_value(state.output, "output"),
            failure_value(state.error),
            state.attempt,
            optional_text_value(state.awaits, "awaits"),
            moment(state.created_at, "created_at"),
            moment(state.updated_at, "updated_at"),
        )

    def task(self, row: Row) -> TaskState:
        """Return the task run of a row."""
        moment = self._dialect.moment_out
        (task_exec_id, task_id, type_, exec_id, workflow_id, parent_id, *rest) = row
        status, input_, output, error, attempt, awaits, created_at, updated_at = rest
        return TaskState(
            task_exec_id=task_exec_id,
            task_id=task_id,
            type=TaskType(type_),
            exec_id=exec_id,
            workflow_id=workflow_id,
            parent_id=parent_id,
            status=Status(status),
            input=json_of(input_),
            output=None if output is None else json_of(output),
            error=_failure(error),
            attempt=attempt,
            awaits=awaits,
            created_at=moment(created_at),
            updated_at=moment(updated_at),
        )

    def of_user(self, user: User) -> Values:
        """Return the row of a user."""
        return (
            key_value(user.user_id, "user_id"),
            text_value(user.email, "email"),
            user.role.value,
            self._dialect.moment_in(user.created_at, "created_at"),
        )

    def user(self, row: Row) -> User:
        """Return the user of a row."""
        user_id, email, role, created_at = row
        return User(user_id=user_id, email=email, role=Role(role), created_at=self._dialect.moment_out(created_at))

    def of_api_key(self, key: ApiKey) -> Values:
        """Return the row of an API key."""
        return (
            key_value(key.key_id, "key_id"),
            text_value(key.user_id, "user_id"),
            text_value(key.name, "name"),
            text_value(key.fingerprint, "fingerprint"),
            text_value(key.prefix, "prefix"),
            self._dialect.moment_in(key.created_at, "created_at"),
            self._optional_moment_in(key.last_used_at, "last_used_at"),
            self._optional_moment_in(key.revoked_at, "revoked_at"),
        )

    def api_key(self, row: Row) -> ApiKey:
        """Return the API key of a row."""
        key_id, user_id, name, fingerprint, prefix, created_at, last_used_at, revoked_at = row
        moment = self._dialect.moment_out
        return ApiKey(
            key_id=key_id,
            user_id=user_id,
            name=name,
            fingerprint=fingerprint,
            prefix=prefix,
            created_at=moment(created_at),
            last_used_at=None if last_used_at is None else moment(last_used_at),
            revoked_at=None if revoked_at is None else moment(revoked_at),
        )

    def of_payload(self, payload: Payload) -> Values:
        """Return the row of a payload."""
        return (
            key_value(payload.key, "key"),
            text_value(payload.exec_id, "exec_id"),
            self._dialect.moment_in(payload.created_at, "created_at"),
            payload.content,
        )

    def payload(self, row: Row) -> Payload:
        """Return the payload of a row."""
        key, exec_id, created_at, content = row
        return Payload(key=key, exec_id=exec_id, created_at=self._dialect.moment_out(created_at), content=content)

    def _optional_moment_in(self, moment: datetime | None, key: str) -> Any:
        return None if moment is None else self._dialect.moment_in(moment, key)


def require_aware(moment: datetime, key: str) -> None:
    """Return when the moment has a time zone.

    Args:
        moment: Any.
        key: What the caller calls it, for the error.

    Raises:
        InvalidError: It has none.
    """
    if moment.tzinfo is None:
        raise InvalidError(Problem(message=f"{moment} has no time zone", key=key, hint="pass an aware datetime"))


def text_value(text: str, key: str) -> str:
    """Return the text when it can be stored.

    Raises:
        InvalidError: It holds a NUL or a lone surrogate.
    """
    if "\0" in text:
        raise InvalidError(Problem(message=f"{text!r} holds a NUL character", key=key, hint="leave it out"))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidError(
                Problem(message=f"{text!r} holds half a character (a lone surrogate)", key=key, hint="leave it out")
            ) from error
    return text


def key_value(text: str, key: str) -> str:
    """Return the text when it can be the key of a record.

    Raises:
        InvalidError: As :func:`text_value`, or it is empty: pages of an archive begin after the empty key.
    """
    if not text:
        raise InvalidError(Problem(message="is empty", key=key, hint="pass an id, such as new_exec_id() makes"))
    return text_value(text, key)


def optional_text_value(text: str | None, key: str) -> str | None:
    """Return the text when it can be stored, None for None; raises as :func:`text_value`."""
    return None if text is None else text_value(text, key)


def json_value(value: Json, key: str) -> str:
    """Return the value as JSON text.

    Raises:
        InvalidError: It is not JSON, a dict in it has a key that is no text, or it is nested too deep.
    """
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        if is_too_deep(value):
            raise _too_deep(key) from error
        raise InvalidError(Problem(message=f"not storable as JSON: {error}", key=key)) from error
    if (loss := find_loss(value, text)) is not None:
        raise InvalidError(attrs.evolve(loss, key=f"{key}{loss.key}"))
    return text


def optional_json_value(value: Json, key: str) -> str | None:
    """Return the value as JSON text, None for None; raises as :func:`json_value`."""
    return None if value is None else json_value(value, key)


def failure_value(failure: Failure | None) -> str | None:
    """Return a failure as JSON text, None for None; raises as :func:`json_value`."""
    if failure is None:
        return None
    return json_value({"code": failure.code, "message": failure.message, "details": failure.details}, "error")


def json_of(text: str) -> Json:
    """Return the value of a text that :func:`json_value` made."""
    # Whatever else `json.loads` does is for texts of other makers, and takes as long again.
    return _DECODER.raw_decode(text)[0]


def _failure(text: str | None) -> Failure | None:
    return None if text is None else Failure(**json_of(text))


def _too_deep(key: str) -> InvalidError:
    return InvalidError(Problem(message=f"nested deeper than {MAX_DEPTH} levels", key=key, hint="flatten it"))
