"""Asks a child process over HTTP whether it can be used.

One GET on a connection of its own and the status of the answer are all that a probe needs, so the little of HTTP/1.1
that this takes is written out here: a request that closes the connection, interim answers that are passed over, and a
status line. The rest of the answer is read and dropped, for a server whose answer nobody takes may well log an error.

Source: RFC 9112, sections 3 and 4 (request and status line) and 9.6 (closing); RFC 9110, section 15.2 (interim ones).
"""

import re
from collections.abc import Container
from contextlib import suppress
from typing import Final

import trio

from supervisors.errors import ProbeError
from supervisors.processes.probes import TIMEOUT, Child, Endpoint, Polling

SUCCESS: Final = range(200, 400)
"""The statuses that count as a good answer unless others are given."""

_STATUS_LINE: Final = rb"HTTP/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?\r?"
_END_OF_HEAD: Final = rb"\n\r?\n"
_SWITCHING: Final = 101  # the one interim status that is final for HTTP
_FIRST_FINAL: Final = 200
_LONGEST_HEAD: Final = 64 * 1024
_LONGEST_REST: Final = 256 * 1024
_MANNERS: Final = 0.1  # seconds to wait for the rest of an answer that is known already
_CHUNK: Final = 16 * 1024


def http(
    port: int,
    path: str = "/",
    *,
    host: str = "127.0.0.1",
    status: Container[int] = SUCCESS,
    successes: int = 1,
    every: float | None = None,
    timeout: float = TIMEOUT,
) -> Polling:
    """Return a probe that waits until the child answers a GET with a good status; its value is ``http://host:port``.

    A redirect is not followed, it is an answer. Where the system tells who listens (Linux), a stranger on that port is
    not taken for the child.

    Args:
        port: Where it is to listen.
        path: What is asked for, with its query if there is one.
        host: At which address.
        status: The good ones; 200 to 399 unless given.
        successes: Good answers in a row until it is ready.
        every: Seconds between attempts; None: often.
        timeout: Seconds for one attempt.

    Raises:
        ValueError: The path does not start with a slash or holds what no request line may.
    """
    if not re.fullmatch(r"/[!-~]*", path):
        raise ValueError(f"path {path!r} must start with '/' and be printable ascii; percent-encode anything else")
    endpoint = Endpoint(host, port)
    what = f"GET http://{endpoint}{path}"
    request = f"GET {path} HTTP/1.1\r\nHost: {endpoint}\r\nUser-Agent: supervisors\r\nConnection: close\r\n\r\n"

    async def answers(child: Child) -> str:
        async with endpoint.connect(child) as stream:
            answer = await _exchange(stream, request.encode("ascii"))
        if answer not in status:
            raise ProbeError(f"{what}: answered with status {answer}")
        return f"http://{endpoint}"

    return Polling(what=what, ask=answers, successes=successes, every=every, timeout=timeout)


def final_status(answer: bytes) -> int | None:
    """Return the status of an answer of which this much has come, or None when it is not in there yet.

    Raises:
        ProbeError: It is no answer of HTTP/1.
    """
    while True:
        line, newline, rest = answer.partition(b"\n")
        if not newline:
            return None
        match = re.fullmatch(_STATUS_LINE, line)
        if match is None:
            raise ProbeError(f"not an answer of HTTP/1: {line[:80]!r}")
        status = int(match[1])
        if status >= _FIRST_FINAL or status == _SWITCHING:
            return status
        end = re.search(_END_OF_HEAD, newline + rest)
        if end is None:
            return None
        answer = (newline + rest)[end.end() :]


async def _exchange(stream: trio.abc.Stream, request: bytes) -> int:
    try:
        await stream.send_all(request)
        status = await _receive_status(stream)
    except trio.BrokenResourceError as error:
        raise ProbeError(f"the connection broke before the answer: {error.__cause__ or error}") from error
    with trio.move_on_after(_MANNERS), suppress(trio.BrokenResourceError):
        await _drop_rest(stream)
    return status


async def _receive_status(stream: trio.abc.ReceiveStream) -> int:
    answer = b""
    while len(answer) < _LONGEST_HEAD:
        chunk = await stream.receive_some(_CHUNK)
        if not chunk:
            raise ProbeError(f"the connection was closed before the answer, after {answer[:80]!r}")
        answer += chunk
        status = final_status(answer)
        if status is not None:
            return status
    raise ProbeError(f"no status within {_LONGEST_HEAD} bytes of answer")


async def _drop_rest(stream: trio.abc.ReceiveStream) -> None:
    size = 0
    while size < _LONGEST_REST and (chunk := await stream.receive_some(_CHUNK)):
        size += len(chunk)
