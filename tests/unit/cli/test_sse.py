"""Server-sent events."""

import pytest
import trio

from compozy.cli.running.sse import ServerSentEvent, parse_events


async def parsed(*lines):
    async def stream():
        for line in lines:
            await trio.lowlevel.checkpoint()
            yield line

    return [event async for event in parse_events(stream())]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["data: x", ""], [ServerSentEvent("message", "x")]),
        (["event: task", "data: x", ""], [ServerSentEvent("task", "x")]),
        (["data:x", "data: y", "data:  z", ""], [ServerSentEvent("message", "x\ny\n z")]),
        (["data", ""], [ServerSentEvent("message", "")]),
        ([": still here", "", "data: x", ""], [ServerSentEvent("message", "x")]),
        (["id: 7", "retry: 100", "data: a: b", ""], [ServerSentEvent("message", "a: b")]),
        (["event: task", "", "data: x", ""], [ServerSentEvent("message", "x")]),
        (["data: cut off"], []),
        ([], []),
    ],
)
async def test_lines_become_messages_as_the_standard_says(lines, expected):
    assert await parsed(*lines) == expected
