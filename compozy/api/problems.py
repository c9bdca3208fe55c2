"""Errors as the client sees them: ``application/problem+json`` (RFC 9457), from one table."""

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs
from quart import Response, current_app, request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    RequestTimeout,
    TooManyRequests,
    UnsupportedMediaType,
)

from compozy.domain.errors import (
    CompozyError,
    ConflictError,
    DuplicateError,
    InvalidError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from compozy.domain.ids import new_exec_id
from compozy.domain.json import JsonObject
from compozy.telemetry.logger import get_logger

MEDIA_TYPE: Final = "application/problem+json"

_log = get_logger(__name__)


@attrs.frozen
class Kind:
    """One kind of problem.

    Attributes:
        status: The HTTP status.
        code: Stable name for machines; also the last part of ``type``.
        title: The kind in words, the same for every occurrence.
    """

    status: HTTPStatus
    code: str
    title: str


INTERNAL: Final = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL", "something went wrong here")
STILL_RUNNING: Final = Kind(HTTPStatus.REQUEST_TIMEOUT, "STILL_RUNNING", "the execution has not ended yet")
STOPPING: Final = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "STOPPING", "the server is stopping")

KINDS: Final[Mapping[type[Exception], Kind]] = {
    NotFoundError: Kind(HTTPStatus.NOT_FOUND, "NOT_FOUND", "there is no such thing"),
    DuplicateError: Kind(HTTPStatus.CONFLICT, "DUPLICATE", "it exists already"),
    ConflictError: Kind(HTTPStatus.CONFLICT, "CONFLICT", "the state forbids it"),
    InvalidError: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID", "the input is wrong"),
    UnavailableError: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "a backend cannot be reached now"),
    CompozyError: INTERNAL,
    BadRequest: Kind(HTTPStatus.BAD_REQUEST, "MALFORMED", "the request cannot be read"),
    NotFound: Kind(HTTPStatus.NOT_FOUND, "NO_ROUTE", "there is no such route"),
    MethodNotAllowed: Kind(HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "the route has no such method"),
    RequestTimeout: Kind(HTTPStatus.REQUEST_TIMEOUT, "BODY_TOO_SLOW", "the body did not arrive in time"),
    RequestEntityTooLarge: Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", "the body is too large"),
    UnsupportedMediaType: Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "NOT_JSON", "the body is not declared as JSON"),
    TooManyRequests: Kind(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", "too many requests"),
    Exception: INTERNAL,
}
"""What an exception is to the client; the nearest class in its ancestry counts."""


def kind_of(error: Exception) -> Kind:
    """Return what the exception is to the client."""
    kind = next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)
    if kind is INTERNAL and isinstance(error, HTTPException) and error.code is not None:
        status = HTTPStatus(error.code)
        return Kind(status, status.name, status.phrase.lower())
    return kind


def problem(kind: Kind, detail: str, extensions: JsonObject | None = None) -> Response:
    """Return the answer to the current request that tells of one problem.

    Args:
        kind: What kind it is.
        detail: This occurrence, for people.
        extensions: Further members, for machines.
    """
    body = {
        "type": f"urn:compozy:problem:{kind.code.lower().replace('_', '-')}",
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
        "code": kind.code,
        "instance": request.path,
        **(extensions or {}),
    }
    return Response(json.dumps(body), status=kind.status.value, content_type=MEDIA_TYPE)


def answer(error: Exception) -> Response:
    """Return the answer for an exception that ended a request; log it when nobody meant it."""
    kind = kind_of(error)
    if kind is INTERNAL:
        return _unexpected(error)
    if isinstance(error, HTTPException):
        return _from_http(error, kind)
    if isinstance(error, InvalidError):
        return problem(kind, str(error), {"problems": [_shown(found) for found in error.problems]})
    response = problem(kind, str(error))
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def _unexpected(error: Exception) -> Response:
    """Return a 500 that says nothing of the inside, and log the inside under the same identifier."""
    correlation_id = new_exec_id()
    _log.error(
        "request failed", correlation_id=correlation_id, method=request.method, path=request.path, exc_info=error
    )
    detail = f"something unexpected happened; the log of the server has it as correlation_id {correlation_id}"
    return problem(INTERNAL, detail, {"correlation_id": correlation_id})


def _from_http(error: HTTPException, kind: Kind) -> Response:
    """Return what the framework refused, in our words, with the headers that HTTP wants along (Allow)."""
    response = problem(kind, _detail(error))
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def _detail(error: HTTPException) -> str:
    """Return what happened and the way out, lower case."""
    if isinstance(error, MethodNotAllowed):
        answered = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.path} does not answer {request.method}; it answers {answered}"
    if isinstance(error, NotFound):
        way_out = "; GET /api/v0/workflows lists what can be executed" if "workflows" in current_app.blueprints else ""
        return f"there is no route {request.path}{way_out}"
    if isinstance(error, RequestEntityTooLarge):
        return f"the body is larger than the {request.max_content_length} bytes that are accepted"
    return error.description or kind_of(error).title


def _shown(found: Problem) -> dict[str, Any]:
    """Return a problem of the input as JSON, without what is unknown."""
    return {name: value for name, value in attrs.asdict(found).items() if value not in {None, ""}}
