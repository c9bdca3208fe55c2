"""Executions in a server elsewhere, over its HTTP API."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

import attrs
import httpx
from typing_extensions import override

from compozy.cli.exits import Exit
from compozy.cli.running.answers import UNREADABLE, accepted, translated, view_of_wire
from compozy.cli.running.session import Request, run_session, watch_session
from compozy.cli.running.sources import Source
from compozy.cli.running.sse import parse_events
from compozy.cli.running.views import View
from compozy.domain.json import JsonObject
from compozy.engine.events import ExecutionEvent, parse_event

_API: Final = "/api/v0"
_EXECUTIONS: Final = f"{_API}/executions/workflows"

_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
_STREAM_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
"""A stream carries a heartbeat every 15 s; four missed ones mean that nobody is there."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@attrs.frozen(kw_only=True)
class Remote(Source):
    """The executions of a running server.

    Attributes:
        url: Its address, without a trailing slash.
        client: What talks to it.
        idempotency_key: What starts are sent with, so that a repetition starts nothing again; None: nothing.
    """

    url: str
    client: httpx.AsyncClient
    idempotency_key: str | None = None

    @override
    async def start(self, workflow_id: str, input_: JsonObject) -> str:
        path = f"{_API}/workflows/{quote(workflow_id, safe='')}/executions"
        headers = {} if self.idempotency_key is None else {"Idempotency-Key": self.idempotency_key}
        with translated(self.url):
            response = await self.client.post(path, json={"input": input_}, headers=headers)
        body = accepted(response)
        return str(body["exec_id"])

    @override
    async def get(self, exec_id: str) -> View:
        with translated(self.url):
            response = await self.client.get(f"{_EXECUTIONS}/{exec_id}")
        return view_of_wire(accepted(response))

    @override
    @asynccontextmanager
    async def watch(self, exec_id: str) -> AsyncIterator[AsyncIterator[ExecutionEvent]]:
        request = self.client.stream("GET", f"{_EXECUTIONS}/{exec_id}/events", timeout=_STREAM_TIMEOUT)
        with translated(self.url):
            async with request as response:
                if not response.is_success:
                    await response.aread()
                    accepted(response)
                async with aclosing(_events(response)) as events:
                    yield events

    @override
    def aftermath(self, exec_id: str) -> str:
        return f"execution {exec_id} goes on in the server: {self.url}{_EXECUTIONS}/{exec_id}"

    @override
    def hurry(self) -> None:
        return  # a connection is closed at once as it is


def run_in_server(request: Request, url: str, *, format_: str, idempotency_key: str | None = None) -> Exit:
    """Run the request in the server at this address; under a key, one that ran before is followed to its end."""
    return run_session(request, open_remote(url, idempotency_key), format_=format_)


def watch_in_server(exec_id: str, url: str, *, patience: timedelta | None, format_: str) -> Exit:
    """Follow an execution in the server at this address to its end."""
    return watch_session(exec_id, open_remote(url), patience=patience, format_=format_)


@asynccontextmanager
async def open_remote(url: str, idempotency_key: str | None = None) -> AsyncIterator[Source]:
    """Open a connection to the server at ``url``; nothing is sent yet."""
    async with httpx.AsyncClient(**client_options(url), timeout=_TIMEOUT) as client:
        yield Remote(url=url, client=client, idempotency_key=idempotency_key)


def client_options(url: str) -> dict[str, Any]:
    """Return what a client of the server at this address is made with.

    A proxy of the environment has no business between two processes of one machine.
    """
    return {"base_url": url, "trust_env": urlsplit(url).hostname not in _LOOPBACK}


async def _events(response: httpx.Response) -> AsyncGenerator[ExecutionEvent, None]:
    """Yield the events of a stream; what a later version tells and this one cannot read is passed over."""
    async with aclosing(parse_events(response.aiter_lines())) as messages:
        async for message in messages:
            try:
                event = parse_event(message.data)
            except UNREADABLE:
                continue
            yield event
