"""What clients send: the wire shapes, and reading a request into one of them or saying all that is wrong."""

import math
from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, from_json
from quart import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.events import MAX_NAME
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status
from compozy.domain.suggestions import did_you_mean

ModelT = TypeVar("ModelT", bound="Wire")

_EXPECTED: Final = {
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "string_type": "must be text",
    "float_type": "must be a number of seconds",
    "int_parsing": "must be a whole number",
}
"""What a value should have been, by the type of pydantic's error, where pydantic's own words are about Python."""

_SAID: Final = {
    "missing": "is required",
    "string_too_short": "must have at least {min_length} character",
    "string_too_long": "must have at most {max_length} characters",
}
"""The same where the value is not worth showing: there is none, or no end of it."""


class Wire(BaseModel):
    """Something a client sends: no key that we do not know, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StartBody(Wire):
    """The body that starts an execution."""

    input: dict[str, Any] = Field(default_factory=dict)


class SyncBody(StartBody):
    """The body that runs an execution to its end; ``timeout`` is in seconds."""

    timeout: float | None = Field(default=None, gt=0, allow_inf_nan=False)


def _without_nul(text: str | None) -> str | None:
    """Return the text if it can be part of an identifier; NUL is what separates the parts (domain/ids.py)."""
    if text is not None and "\0" in text:
        raise ValueError(f"{text!r} holds a NUL character; leave it out")
    return text


class EventBody(Wire):
    """The body that tells an event; an event that is told again under the same ``event_id`` has its effect once."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    payload: dict[str, Any] = Field(default_factory=dict)
    event_id: Annotated[str | None, AfterValidator(_without_nul)] = Field(default=None, min_length=1, max_length=255)


class EmptyBody(Wire):
    """The body of a request that says all in its path."""


class RerunBody(Wire):
    """The body that runs an execution again; ``from`` is the task to take it up at."""

    from_: str | None = Field(default=None, alias="from", min_length=1)


def _each_known(values: Iterable[str]) -> frozenset[Status]:
    """Return the statuses that these words name."""
    words = list(values)
    for word in words:
        if word not in Status.__members__:
            raise ValueError(f"there is no status {word!r}; {did_you_mean(word, Status.__members__)}")
    return frozenset(map(Status, words))


class ListQuery(Wire):
    """The query of a listing of executions; ``status`` may be given several times."""

    model_config = ConfigDict(strict=False)

    workflow_id: str | None = None
    status: Annotated[frozenset[Status] | None, BeforeValidator(_each_known)] = None
    parent_exec_id: str | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


async def read_body(shape: type[ModelT]) -> ModelT:
    """Return the body of the current request.

    The content type must say JSON even when there is no body: a page of another site may send a browser's simple
    request to a server on loopback, but not one of this type without asking first (the Fetch standard's preflight).

    Raises:
        UnsupportedMediaType: The content type is not ``application/json``.
        RequestEntityTooLarge: It is larger than the application accepts.
        BadRequest: It is not JSON.
        InvalidError: It has not the shape.
    """
    if request.mimetype != "application/json":
        sent = repr(request.mimetype) if request.mimetype else "none"
        raise UnsupportedMediaType(f"the content type must be 'application/json', not {sent}")
    data = await request.get_data()
    try:
        value = from_json(data, allow_inf_nan=False) if data else {}
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not _is_finite(value):
        raise BadRequest("the body is not JSON: a number is beyond the range of a double")
    return _shaped(shape, value)


def read_query(shape: type[ModelT], *, repeatable: frozenset[str] = frozenset()) -> ModelT:
    """Return the query of the current request.

    Args:
        shape: What it should be.
        repeatable: Keys that may occur several times, as a list.

    Raises:
        InvalidError: It has not the shape.
    """
    pairs = request.args.to_dict(flat=False)
    repeated = [name for name, values in pairs.items() if len(values) > 1 and name not in repeatable]
    if repeated:
        raise InvalidError([Problem(key=name, message="is given more than once") for name in repeated])
    return _shaped(shape, {name: values if name in repeatable else values[0] for name, values in pairs.items()})


def _shaped(shape: type[ModelT], value: Json) -> ModelT:
    """Return the value in its shape, or raise every problem it has."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise InvalidError(_described(found, shape) for found in error.errors(include_url=False)) from None


def _described(found: ErrorDetails, shape: type[Wire]) -> Problem:
    """Return one of pydantic's errors as a problem with a way out."""
    key = ".".join(map(str, found["loc"]))
    if found["type"] == "extra_forbidden":
        return Problem(key=key, message="unknown key", hint=did_you_mean(key, shape.model_fields))
    if found["type"] == "value_error":
        return Problem(key=key, message=str(found["ctx"]["error"]))
    if found["type"] in _SAID:
        return Problem(key=key, message=_SAID[found["type"]].format(**found.get("ctx", {})))
    expected = _EXPECTED.get(found["type"])
    if expected is None:
        return Problem(key=key, message=found["msg"].replace("Input should", "should"))
    return Problem(key=key, message=f"{expected}, not {_kind_of_json(found['input'])}")


def _kind_of_json(value: Json) -> str:
    """Return what JSON calls such a value; short values as they are."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return repr(value)[:60]


def _is_finite(value: Json | JsonObject) -> bool:
    """Tell whether every number in the value is one that JSON can write; ``1e999`` is read as infinity."""
    match value:
        case float():
            return math.isfinite(value)
        case dict():
            return all(map(_is_finite, value.values()))
        case list():
            return all(map(_is_finite, value))
        case _:
            return True
