"""What this program and its worker processes say to each other: lines of JSON, and which lines they are.

Theory of operation. A worker reads one request a line from its standard input. A reply is a line that begins with a
token, which the worker was told in its first request: whatever else arrives where replies are read was printed by a
tool, or by a program that it started. The token is random and in no tool's reach by accident, so nothing that a tool
prints is taken for a reply; and each reply repeats the number of its request, so a late one is not taken for another's.

Requests: ``{"call": 1, "tool_id", "tool_exec_id", "input", "config", "env", "timeout_ms"}``.
Replies: ``{"call": 1, "result", "metadata"}`` or ``{"call": 1, "error": {"name", "message", "stack", ...}}``.
The first request, number 0, says ``{"call": 0, "token", ...}``; its reply lists the tools.
"""

import json
from typing import Final

from compozy.contracts.tools import ToolCall
from compozy.domain.json import MAX_DEPTH, Json, JsonObject, is_too_deep

LONGEST_PRINT: Final = 64 * 1024
"""Bytes after which a line that a tool prints is cut in two."""


class ReplyTooLargeError(Exception):
    """A reply is longer than it may be; the rest of it was not read."""


class LineSplitter:
    """Splits what a worker writes into replies and prints.

    >>> splitter = LineSplitter(b"@token ", max_reply_bytes=1000)
    >>> splitter.feed(b"hello" + bytes([10]) + b'@token {"call"')
    ([], [b'hello'])
    >>> splitter.feed(b": 1}" + bytes([10]))
    ([b'{"call": 1}'], [])

    Args:
        token: What a reply begins with; None: there are none.
        max_reply_bytes: The longest reply.
    """

    def __init__(self, token: bytes | None, *, max_reply_bytes: int = 0) -> None:
        self._token = token
        self._max_reply_bytes = max_reply_bytes
        self._rest = bytearray()
        self._searched = 0

    def feed(self, chunk: bytes) -> tuple[list[bytes], list[bytes]]:
        """Take what was read and return the replies and the printed lines that are complete now.

        Raises:
            ReplyTooLargeError: The reply that has begun is too long already.
        """
        self._rest += chunk
        replies: list[bytes] = []
        prints: list[bytes] = []
        begin = 0
        while (end := self._rest.find(b"\n", max(begin, self._searched))) >= 0:
            self._sort(bytes(self._rest[begin:end]), replies, prints)
            begin = end + 1
        del self._rest[:begin]
        self._searched = len(self._rest)
        self._bound(prints)
        return replies, prints

    def _sort(self, line: bytes, replies: list[bytes], prints: list[bytes]) -> None:
        if self._token is not None and line.startswith(self._token):
            if len(line) > self._max_reply_bytes + len(self._token):
                raise ReplyTooLargeError
            replies.append(line[len(self._token) :])
        elif line:  # a reply is preceded by an empty one
            prints.append(line)

    def _bound(self, prints: list[bytes]) -> None:
        if self._token is not None and self._rest.startswith(self._token):
            if len(self._rest) > self._max_reply_bytes + len(self._token):
                raise ReplyTooLargeError
        elif len(self._rest) >= LONGEST_PRINT:
            prints.append(bytes(self._rest))
            self._rest.clear()
            self._searched = 0


def request_line(number: int, facts: JsonObject) -> bytes:
    """Return a request, ready to be sent."""
    return json.dumps({"call": number, **facts}).encode() + b"\n"


def call_facts(call: ToolCall) -> JsonObject:
    """Return what a worker is told of a call."""
    return {
        "tool_id": call.tool_id,
        "tool_exec_id": call.tool_exec_id,
        "input": call.input,
        "config": call.config,
        "env": dict(call.env),
        "timeout_ms": round(call.timeout.total_seconds() * 1000),
    }


def parse_reply(line: bytes) -> JsonObject:
    """Return a reply.

    Raises:
        ValueError: It is not a JSON object, holds a number that JSON has no word for, or a result that is nested deeper
            than can be recorded.
    """
    try:
        reply: Json = json.loads(line, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(reply, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - of the text, not of an argument
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH and is_too_deep(reply.get("result")):
        raise ValueError("it is nested too deep")
    return reply


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is not JSON")
