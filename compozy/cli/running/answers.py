"""What a server answers, as values and errors of ours."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import cattrs
import httpx

from compozy.cli.running.views import View, view_of
from compozy.domain.codec import from_json
from compozy.domain.errors import CompozyError, ConflictError, InvalidError, NotFoundError, Problem, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.json import Json, JsonObject

_LATER: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses after which the server may answer differently when it is asked again."""

UNREADABLE: Final = (cattrs.BaseValidationError, KeyError, TypeError, ValueError)
"""What reading the values of another version raises."""


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raise the client library's errors as ours."""
    try:
        yield
    except httpx.ConnectError as error:
        text = f"no server answers at {url}; start one with `compozy serve`"
        raise UnavailableError(text, retry_after_s=0) from error
    except httpx.HTTPError as error:
        text = f"the connection to {url} broke ({type(error).__name__}: {error})"
        raise UnavailableError(text, retry_after_s=0) from error


def accepted(response: httpx.Response) -> JsonObject:
    """Return the JSON object that a server answered.

    Raises:
        CompozyError: The server answered with an error, or it is no Compozy server; the class says whose turn it is.
    """
    body = json_object(response)
    if response.is_success and body is not None:
        return body
    raise error_of(response.status_code, body, str(response.url), retry_after_s=_wait_s(response))


def error_of(status: int, body: Mapping[str, Any] | None, url: str, *, retry_after_s: float = 0.0) -> CompozyError:
    """Return the error that an HTTP answer stands for.

    Args:
        status: The status code.
        body: The problem document (RFC 9457), or None when there was none.
        url: What was asked.
        retry_after_s: How long the server asks to wait before it is asked again.
    """
    if body is None or not {"detail", "title"} & body.keys():
        text = f"{url} answered {status}, and not as a Compozy server would; check the address"
        return UnavailableError(text, retry_after_s=retry_after_s) if status in _LATER else InvalidError(text)
    message = str(body.get("detail") or body["title"])
    if status in _LATER:
        return UnavailableError(message, retry_after_s=retry_after_s)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(message)
    if status == HTTPStatus.CONFLICT:
        return ConflictError(message)
    if httpx.codes.is_client_error(status):
        return InvalidError([_problem_of(each) for each in body.get("problems") or ()] or message)
    return CompozyError(message)


def view_of_wire(body: JsonObject) -> View:
    """Return the view of an execution as the API shows it.

    Raises:
        CompozyError: It does not show one that this version understands.
    """
    try:
        workflow = from_json(body, WorkflowState)
        owner = {"exec_id": workflow.exec_id, "workflow_id": workflow.workflow_id}
        tasks = [from_json({"input": {}, **owner, **task}, TaskState) for task in body.get("tasks", ())]
    except UNREADABLE as error:
        raise CompozyError("the server shows executions in a way that this version does not understand") from error
    return view_of(workflow, tasks)


def json_object(response: httpx.Response) -> JsonObject | None:
    """Return the JSON object of an answer, or None when it holds none."""
    try:
        body: Json = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _wait_s(response: httpx.Response) -> float:
    """Return how many seconds the server asks to wait: 0 when it does not, or names a date, which ours never does."""
    header = response.headers.get("Retry-After", "")
    return float(header) if header.isascii() and header.isdigit() else 0.0


def _problem_of(wire: Mapping[str, Any]) -> Problem:
    return Problem(
        message=str(wire.get("message", "")),
        file=wire.get("file"),
        line=wire.get("line"),
        key=str(wire.get("key") or ""),
        hint=wire.get("hint"),
    )
