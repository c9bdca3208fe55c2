"""Executions in a server, over a transport in this process."""

import json
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest

from compozy.cli.running.answers import error_of
from compozy.cli.running.remote import Remote, client_options
from compozy.domain.errors import (
    CompozyError,
    ConflictError,
    InvalidError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from compozy.domain.statuses import Status

URL = "http://server:5001"
NOW = "2026-01-01T00:00:00.000000Z"
EXECUTION = {
    "exec_id": "E",
    "workflow_id": "greet",
    "status": "SUCCESS",
    "input": {},
    "output": {"text": "hi"},
    "error": None,
    "created_at": NOW,
    "updated_at": NOW,
    "tasks": [
        {
            "task_exec_id": "T",
            "task_id": "a",
            "type": "basic",
            "parent_id": None,
            "status": "FAILED",
            "attempt": 1,
            "input": {},
            "output": None,
            "error": {"code": "TOOL_FAILED", "message": "boom", "details": {}},
            "created_at": NOW,
            "updated_at": NOW,
            "a_key_of_a_later_version": 1,
        }
    ],
}


@asynccontextmanager
async def remote(handler):
    transport = httpx.MockTransport(handler)
    async with httpx.AsyncClient(base_url=URL, transport=transport) as client:
        yield Remote(url=URL, client=client)


def answering(status, body):
    return lambda _request: httpx.Response(status, content=json.dumps(body))


async def test_start_posts_the_input_and_returns_the_identifier():
    seen = []

    def handler(request):
        seen.append((request.method, request.url.raw_path, json.loads(request.content)))
        return httpx.Response(202, json={"exec_id": "E"})

    async with remote(handler) as source:
        exec_id = await source.start("a/b c", {"name": "Ada"})

    assert exec_id == "E"
    assert seen == [("POST", b"/api/v0/workflows/a%2Fb%20c/executions", {"input": {"name": "Ada"}})]


async def test_start_sends_the_idempotency_key_when_there_is_one():
    keys = []

    def handler(request):
        keys.append(request.headers.get("Idempotency-Key"))
        return httpx.Response(202, json={"exec_id": "E"})

    async with remote(handler) as source:
        await source.start("greet", {})
        await attrs.evolve(source, idempotency_key="k-1").start("greet", {})

    assert keys == [None, "k-1"]


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (None, 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("²", 0)])
@pytest.mark.parametrize("status", [429, 503])
async def test_server_that_must_be_asked_later_says_when(status, header, seconds):
    def handler(_request):
        headers = {} if header is None else {"Retry-After": header.encode()}
        return httpx.Response(status, headers=headers, json={"title": "not now", "detail": "try again"})

    async with remote(handler) as source:
        with pytest.raises(UnavailableError, match="try again") as raised:
            await source.get("E")

    assert raised.value.retry_after_s == seconds


async def test_get_gives_the_view_with_its_tasks_and_passes_over_what_it_does_not_know():
    async with remote(answering(200, EXECUTION)) as source:
        view = await source.get("E")

    assert (view.status, view.output) == (Status.SUCCESS, {"text": "hi"})
    assert [(task.task_id, task.status, task.reason) for task in view.tasks.values()] == [("a", Status.FAILED, "boom")]


@pytest.mark.parametrize("change", [{"status": "DANCING"}, {"tasks": [{}]}, {"created_at": "yesterday"}])
async def test_answer_of_another_version_is_a_clear_error(change):
    async with remote(answering(200, {**EXECUTION, **change})) as source:
        with pytest.raises(CompozyError, match="in a way that this version does not understand"):
            await source.get("E")


async def test_watch_yields_the_events_of_the_stream():
    changed = {"exec_id": "E", "workflow_id": "greet", "at": NOW}
    task = {**changed, "status": "RUNNING", "task_id": "a", "task_exec_id": "T"}
    frames = [
        ": still here\n\n",
        f"event: task\ndata: {json.dumps(task)}\n\n",
        f"event: execution\ndata: {json.dumps({**changed, 'status': 'SUCCESS'})}\n\n",
    ]

    def handler(request):
        assert request.url.path == "/api/v0/executions/workflows/E/events"
        return httpx.Response(200, content="".join(frames))

    async with remote(handler) as source, source.watch("E") as events:
        found = [(event.task_id, event.status, event.ends_execution) async for event in events]

    assert found == [("a", Status.RUNNING, False), (None, Status.SUCCESS, True)]


async def test_stream_that_is_refused_raises_what_the_server_said():
    async with remote(answering(404, {"title": "not found", "detail": "there is no execution 'E'"})) as source:
        with pytest.raises(NotFoundError, match="there is no execution 'E'"):
            async with source.watch("E"):
                pass


async def test_event_that_cannot_be_read_is_passed_over():
    known = {"exec_id": "E", "workflow_id": "greet", "status": "SUCCESS", "at": NOW}
    frames = [{"status": "DANCING"}, [1], {**known, "status": "DANCING"}, known]

    def handler(_request):
        return httpx.Response(200, content="".join(f"data: {json.dumps(each)}\n\n" for each in frames))

    async with remote(handler) as source, source.watch("E") as events:
        found = [event.status async for event in events]

    assert found == [Status.SUCCESS]


@pytest.mark.parametrize(
    "error", [httpx.ReadTimeout("slow"), httpx.ReadError("reset"), httpx.RemoteProtocolError("cut")]
)
async def test_connection_that_breaks_is_unavailable(error):
    def handler(_request):
        raise error

    async with remote(handler) as source:
        with pytest.raises(UnavailableError, match=f"the connection to {URL} broke"):
            await source.get("E")


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"detail": "no workflow"}, NotFoundError),
        (409, {"detail": "ended"}, ConflictError),
        (422, {"detail": "bad"}, InvalidError),
        (413, {"title": "too large"}, InvalidError),
        (503, {"detail": "not ready"}, UnavailableError),
        (502, None, UnavailableError),
        (500, {"detail": "oops"}, CompozyError),
        (404, None, InvalidError),
        (200, None, InvalidError),
        (200, {"hello": "world"}, InvalidError),
    ],
)
def test_status_decides_whose_turn_it_is(status, body, expected):
    assert type(error_of(status, body, URL)) is expected


def test_problems_of_the_server_are_told_as_ours():
    body = {
        "detail": "a\nb",
        "problems": [{"message": "is required", "key": "input.name", "hint": "give it"}, {"message": "odd"}],
    }

    error = error_of(422, body, URL)

    assert error.problems == (
        Problem(message="is required", key="input.name", hint="give it"),
        Problem(message="odd"),
    )


@pytest.mark.parametrize(
    ("url", "trusted"),
    [("http://127.0.0.1:5001", False), ("http://localhost", False), ("http://[::1]:5001", False), (URL, True)],
)
def test_proxies_of_the_environment_are_not_asked_for_this_machine(url, trusted):
    assert client_options(url)["trust_env"] is trusted
