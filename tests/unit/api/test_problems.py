"""Every error is a problem document, and none says more than it should."""

import pytest
from werkzeug.exceptions import ImATeapot

from compozy.api.problems import INTERNAL, KINDS, kind_of
from compozy.domain.errors import (
    CompozyError,
    ConflictError,
    DuplicateError,
    InvalidError,
    NotFoundError,
    Problem,
    UnavailableError,
)


def test_every_error_that_an_edge_tells_keeps_its_own_code():
    told = {cls: kind for cls, kind in KINDS.items() if issubclass(cls, CompozyError)}

    assert {cls: kind.code for cls, kind in told.items()} == {cls: cls.code for cls in told}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("x"), 404),
        (ConflictError("x"), 409),
        (DuplicateError("x"), 409),
        (InvalidError("x"), 422),
        (UnavailableError("x"), 503),
        (CompozyError("x"), 500),
        (ExceptionGroup("x", [UnavailableError("x")]), 503),
        (ImATeapot(), 418),
        (KeyError("x"), 500),
    ],
)
async def test_an_error_becomes_a_problem_with_its_status(world, error, status):
    @world.app.get("/boom")
    async def boom():
        raise error

    response = await world.client.get("/boom")

    body = await response.get_json()
    assert response.status_code == body["status"] == status
    assert response.content_type == "application/problem+json"
    assert body["type"] == f"urn:compozy:problem:{body['code'].lower().replace('_', '-')}"
    assert body["instance"] == "/boom"
    assert body["title"]
    assert body["detail"]


async def test_an_invalid_input_lists_each_problem_with_its_place_and_way_out(world):
    @world.app.get("/boom")
    async def boom():
        raise InvalidError([Problem(key="a.b", message="is wrong", hint="write c"), Problem(message="all wrong")])

    body = await (await world.client.get("/boom")).get_json()

    assert body["problems"] == [{"key": "a.b", "message": "is wrong", "hint": "write c"}, {"message": "all wrong"}]


@pytest.mark.parametrize(("seconds", "header"), [(0.01, "1"), (1, "1"), (1.2, "2"), (30, "30")])
async def test_retry_after_is_whole_seconds_and_at_least_one(world, seconds, header):
    @world.app.get("/boom")
    async def boom():
        raise UnavailableError("x", retry_after_s=seconds)

    response = await world.client.get("/boom")

    assert response.headers["Retry-After"] == header


async def test_an_unexpected_exception_is_logged_once_and_not_shown(world, caplog):
    @world.app.get("/boom")
    async def boom():
        raise LookupError("the secret is 1234")

    response = await world.client.get("/boom")

    text = await response.get_data(as_text=True)
    body = await response.get_json()
    assert "1234" not in text
    assert "LookupError" not in text
    assert body["code"] == INTERNAL.code
    [record] = caplog.records
    assert record.facts["correlation_id"] == body["correlation_id"]
    assert record.exc_info[0] is LookupError


async def test_an_unknown_route_is_a_problem(world):
    response = await world.client.get("/api/v1/nothing")

    assert response.status_code == 404
    assert (await response.get_json())["code"] == "NO_ROUTE"


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(world):
    response = await world.client.delete("/healthz")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "does not answer DELETE; it answers GET" in (await response.get_json())["detail"]


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "MALFORMED"),
        (b'{"input": {"x": NaN}}', "application/json", 400, "MALFORMED"),
        (b'{"input": {"x": [1e999]}}', "application/json", 400, "MALFORMED"),
        (b'{"input": {"x": "\\ud800"}}', "application/json", 400, "MALFORMED"),
        (b'{"input": {"x": "\xff"}}', "application/json", 400, "MALFORMED"),
        (b'{"input": {"x": [{"y": -1e999}]}}', "application/json", 400, "MALFORMED"),
        (b"[" * 5000, "application/json", 400, "MALFORMED"),
        (b"[]", "application/json", 422, "INVALID"),
        (b'{"input": []}', "application/json", 422, "INVALID"),
        (b"input=x", "application/x-www-form-urlencoded", 415, "NOT_JSON"),
        (b"{}", "text/plain", 415, "NOT_JSON"),
        (b"", None, 415, "NOT_JSON"),
        (b'{"input": {"x": "' + b"x" * 1024 * 1024 + b'"}}', "application/json", 413, "BODY_TOO_LARGE"),
    ],
    ids=str,
)
async def test_a_body_that_cannot_be_used_is_refused_for_what_it_is(world, data, content_type, status, code):
    headers = {"Content-Type": content_type} if content_type else {}

    response = await world.client.post("/api/v0/workflows/greet/executions", data=data, headers=headers)

    body = await response.get_json()
    assert (response.status_code, body["code"]) == (status, code)
    assert world.store.states == {}


async def test_an_empty_json_body_means_no_input(world):
    response = await world.client.post(
        "/api/v0/workflows/greet/executions", data=b"", headers={"Content-Type": "application/json; charset=utf-8"}
    )

    assert response.status_code == 202


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "null"), (True, "true"), ([1], "a list"), (7, "7"), ("text", "'text'")]
)
async def test_a_value_of_another_type_is_named_as_json_writes_it(world, value, shown):
    response = await world.client.post("/api/v0/workflows/greet/executions", json={"input": value})

    problem = (await response.get_json())["problems"][0]
    assert problem == {"key": "input", "message": f"must be a JSON object, not {shown}"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "is required"),
        ({"name": ""}, "must have at least 1 character"),
        ({"name": "x" * 300}, "must have at most 255 characters"),
    ],
)
async def test_a_text_that_is_missing_or_too_short_or_too_long_is_told_without_its_value(world, body, message):
    response = await world.client.post("/api/v0/events", json=body)

    assert (await response.get_json())["problems"] == [{"key": "name", "message": message}]


async def test_an_event_id_that_cannot_be_part_of_an_identifier_is_refused(world):
    response = await world.client.post("/api/v0/events", json={"name": "paid", "event_id": "a\0b"})

    problem = (await response.get_json())["problems"][0]
    assert problem == {"key": "event_id", "message": r"'a\x00b' holds a NUL character; leave it out"}


async def test_unknown_keys_of_a_body_are_refused_with_the_near_one(world):
    response = await world.client.post("/api/v0/workflows/greet/executions", json={"inputs": {}})

    problem = (await response.get_json())["problems"][0]
    assert response.status_code == 422
    assert problem["key"] == "inputs"
    assert "did you mean 'input'" in problem["hint"]


def test_what_the_framework_may_raise_beyond_the_table_keeps_its_status():
    assert kind_of(ImATeapot()).status == 418
