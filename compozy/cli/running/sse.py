"""Server-sent events: lines of text to messages (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from collections.abc import AsyncGenerator, AsyncIterable

import attrs


@attrs.frozen
class ServerSentEvent:
    """One message of a stream.

    Attributes:
        name: Its type; ``message`` unless the server says otherwise.
        data: Its text; several data lines are joined by newlines.
    """

    name: str
    data: str


async def parse_events(lines: AsyncIterable[str]) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield the messages of a stream of lines without their ends.

    Comments (heartbeats), ids and retry hints are passed over, and so is a message that the end of the stream cut off.
    """
    name, data = "", list[str]()
    async for line in lines:
        if line == "":
            if data:
                yield ServerSentEvent(name or "message", "\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
