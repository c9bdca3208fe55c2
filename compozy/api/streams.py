"""Server-sent events: an execution's changes as ``text/event-stream``.

Source: the section on server-sent events of the HTML Living Standard
(https://html.spec.whatwg.org/multipage/server-sent-events.html).

Theory of operation. A stream first tells how the tasks and the execution stand, then each change; a client that comes
late misses nothing, and one that follows an execution that has ended gets its final event at once. The view of the
changes is opened before the state is read, so no change falls between; one that is in both is told once.

A task of its own reads the changes and hands them over one by one: waiting for the next is then interrupted by a
heartbeat or by the stop of the server without harm. Interrupting the changes themselves, an async generator, in the
middle of a step would end them.
"""

import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import trio
from quart.wrappers.response import ResponseBody
from typing_extensions import override

from compozy.api.drain import Moment
from compozy.api.views import event_view
from compozy.domain.errors import UnavailableError
from compozy.engine.events import ExecutionEvent, event_of
from compozy.engine.executions import Executions
from compozy.telemetry.logger import get_logger

_HEARTBEAT: Final = b": still here\n\n"

_log = get_logger(__name__)


class EventStream(ResponseBody):
    """The body of an answer that tells of one execution.

    It ends after the event that ends the execution, when the server stops, or when a backend goes away: the client
    then connects again, which is what every EventSource does by itself. Leaving it frees the subscription.

    Args:
        executions: Where the execution is.
        exec_id: The execution, which exists.
        heartbeat_s: How many seconds may pass in silence before a comment is sent.
        stopping: Set when the server stops.
    """

    def __init__(self, executions: Executions, exec_id: str, *, heartbeat_s: float, stopping: Moment) -> None:
        self._executions = executions
        self._exec_id = exec_id
        self._heartbeat_s = heartbeat_s
        self._stopping = stopping
        self._stack = AsyncExitStack()
        self._changes: trio.MemoryReceiveChannel[ExecutionEvent] | None = None

    @override
    async def __aenter__(self) -> Self:
        self._changes = await self._stack.enter_async_context(_open_changes(self._executions, self._exec_id))
        return self

    @override
    def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> Coroutine[Any, Any, None]:
        return self._leave(exc_type, exc_value, tb)

    async def _leave(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Cancel the task that reads, and with it the subscription, whatever the stream ended by."""
        await self._stack.__aexit__(exc_type, exc_value, tb)

    def __aiter__(self) -> Self:
        """Return the parts of the body: this object, once it has been entered."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next frame: a change, or a heartbeat when there was none for a while."""
        if self._changes is None:
            raise RuntimeError("an event stream is read inside `async with`")
        frame = _HEARTBEAT
        with self._stopping.until(), trio.move_on_after(self._heartbeat_s):
            change = await anext(self._changes, None)
            frame = b"" if change is None else frame_of(change)
        if self._stopping.is_set() or not frame:
            raise StopAsyncIteration
        return frame


def frame_of(event: ExecutionEvent) -> bytes:
    """Return one event as it goes over the wire. The data is one line: JSON in ASCII has no other."""
    kind = "execution" if event.task_id is None else "task"
    return f"event: {kind}\ndata: {json.dumps(event_view(event))}\n\n".encode("ascii")


@asynccontextmanager
async def _open_changes(
    executions: Executions, exec_id: str
) -> AsyncIterator[trio.MemoryReceiveChannel[ExecutionEvent]]:
    """Open how an execution stands, then each of its changes, to its end."""
    # No buffer: a client that is slow is the pub/sub's concern, which bounds what waits for it.
    send, receive = trio.open_memory_channel[ExecutionEvent](0)
    async with trio.open_nursery() as nursery, receive:
        nursery.start_soon(_tell, executions, exec_id, send)
        yield receive
        nursery.cancel_scope.cancel()


async def _tell(executions: Executions, exec_id: str, send: trio.MemorySendChannel[ExecutionEvent]) -> None:
    """Send how the execution stands, then each of its changes, to its end."""
    # Closed at the very end, and without a checkpoint: whoever reads to the end cancels what is left of this.
    with send:
        try:
            async with executions.watch(exec_id) as changes:
                execution = await executions.get(exec_id)
                known = [*map(event_of, execution.tasks), event_of(execution.workflow)]
                for event in known:
                    await send.send(event)
                if execution.workflow.status.is_terminal:
                    return
                async for change in changes:
                    if change not in known:
                        await send.send(change)
        except* UnavailableError as errors:
            _log.warning("event stream ended early", exec_id=exec_id, reason=str(errors.exceptions[0]))
