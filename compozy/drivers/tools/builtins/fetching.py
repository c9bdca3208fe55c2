"""Fetching what a URL names: one request, its redirects, and as much of the answer as is allowed."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

import attrs
import httpcore
import httpx
import trio

from compozy.domain.json import JsonObject
from compozy.drivers.tools.builtins.addresses import HostRules
from compozy.drivers.tools.builtins.bodies import ENCODING, json_of, read_body, text_of
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.network import Gate, GuardedBackend, GuardedTransport, Resolve, resolve
from compozy.drivers.tools.builtins.requests import checked_headers, checked_url, encoded_body, next_request
from compozy.drivers.tools.builtins.settings import FetchSettings

_UNLIMITED: Final = httpx.Timeout(None)  # the call has one deadline, which covers all of it


@attrs.define
class Fetcher:
    """Fetches what the settings allow.

    Attributes:
        settings: Which hosts and how much.
        find: What resolves names.
    """

    settings: FetchSettings
    find: Resolve = resolve
    _ssl_context: ssl.SSLContext | None = attrs.field(default=None, init=False)

    async def fetch(self, given: JsonObject) -> JsonObject:
        """Make a request and return the answer, for ``cp__fetch``. Any status is an answer.

        Cancellation: closes the connection.

        Raises:
            ToolError: It is refused, there is no answer, or it takes too long.
        """
        url = checked_url(given["url"])
        content, headers = encoded_body(given, checked_headers(given.get("headers", {})))
        seconds = self._timeout(given).total_seconds()
        gate = Gate()
        began = trio.current_time()
        with _fetch_errors(str(url)), trio.move_on_after(seconds):
            async with self._open_client(gate) as client:
                request = client.build_request(
                    given.get("method", "GET").upper(), url, headers=headers, content=content
                )
                output = await self._follow(client, request, gate)
            return {**output, "duration_ms": round((trio.current_time() - began) * 1000)}
        raise failure(Code.TIMED_OUT, f"{str(url)!r} was not answered within {seconds:g} s", url=str(url))

    @asynccontextmanager
    async def _open_client(self, gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
        rules = HostRules(
            allowed=self.settings.allowed_hosts,
            denied=self.settings.denied_hosts,
            allows_private=self.settings.allow_private,
        )
        transport = GuardedTransport(GuardedBackend(rules, find=self.find, gate=gate, trust=self._trust))
        headers = {"accept-encoding": ENCODING, "user-agent": "compozy"}
        async with httpx.AsyncClient(
            transport=transport, trust_env=False, timeout=_UNLIMITED, headers=headers
        ) as client:
            yield client

    async def _follow(self, client: httpx.AsyncClient, request: httpx.Request, gate: Gate) -> JsonObject:
        """Send a request and those that its redirects ask for, and return the last answer."""
        for _ in range(self.settings.max_redirects + 1):
            response = await client.send(request, stream=True)
            try:
                following = next_request(response)
                if following is None:
                    return await self._output(response, gate)
            finally:
                with trio.CancelScope(shield=True, deadline=trio.current_time() + 1.0):
                    await response.aclose()
            request = following
        most = self.settings.max_redirects
        raise failure(
            Code.TOO_MANY_REDIRECTS, f"more than {most} redirects, the last to {str(request.url)!r}", limit=most
        )

    async def _output(self, response: httpx.Response, gate: Gate) -> JsonObject:
        body, truncated = await read_body(response, gate, self.settings.max_bytes)
        text = text_of(response, body)
        output: JsonObject = {
            "url": str(response.url),
            "status_code": response.status_code,
            "status_text": response.reason_phrase,
            "headers": dict(response.headers),
            "body": text,
            "body_truncated": truncated,
        }
        for value in () if truncated else json_of(response, text):
            output["json"] = value
        return output

    async def _trust(self) -> ssl.SSLContext:
        """Return whose certificates are trusted; made once, and on a thread, for it takes a while."""
        if self._ssl_context is None:
            self._ssl_context = await trio.to_thread.run_sync(httpx.create_ssl_context)
        return self._ssl_context

    def _timeout(self, given: JsonObject) -> timedelta:
        most = self.settings.timeout
        return min(most, timedelta(milliseconds=given["timeout_ms"])) if "timeout_ms" in given else most


@contextmanager
def _fetch_errors(url: str) -> Iterator[None]:
    """Turn what the client libraries raise into an error of the tool."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpx.HTTPError) as error:
        raise failure(Code.FETCH_FAILED, f"fetching {url!r} failed: {_reason(error)}", url=url) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise failure(Code.URL_REFUSED, f"{url!r} redirects to what is not a URL: {error}", url=url) from error


def _reason(error: BaseException) -> str:
    """Return what an error or the first of its causes that says anything says: libraries wrap errors in mute ones."""
    cause: BaseException | None = error
    while cause is not None:
        if str(cause):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
