"""Watching: the changes of one execution, told once each, with none left out that matters.

Theory of operation. Whoever records a change tells of it over pub/sub afterwards, and says it again when its work is
repeated, so most changes arrive, some of them twice. Some do not: a reader that is too slow loses messages, and so does
everybody while the connection to the cache is down. Both are noticed, and then the store is read, which has everything:
what has not been told yet is told now.

Two losses nobody notices. A connection whose other end is gone without a word brings nothing, as one on which nothing
happens. And an execution that the orchestrator refuses is recorded as failed by a process that may die before it has
told so; no work is repeated then. Therefore the store is read, too, when nothing was heard for a while.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from typing import Final

import attrs
import trio

from compozy.contracts.cache import Message
from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.engine.events import ExecutionEvent, event_of, parse_events

QUIET_S: Final = 30.0
"""After how long without news the store is asked; seldom enough to cost nothing."""

_AGAIN_S: Final = 1.0
"""How long to wait before the store is asked again, when it did not answer."""

States = tuple[WorkflowState, Iterable[TaskState]]
"""An execution and its tasks, as they are recorded."""


@attrs.define
class Told:
    """What a watcher has been told, by task run; None stands for the execution itself."""

    _last: dict[str | None, ExecutionEvent] = attrs.field(factory=dict)

    def take(self, event: ExecutionEvent) -> bool:
        """Note an event; return whether it is news.

        Times may come from different machines: they order what goes on, and never hide an end.
        """
        last = self._last.get(event.task_exec_id)
        if last is not None:
            if last.status.is_terminal or event == last:
                return False
            if event.at < last.at and not event.status.is_terminal:
                return False
        self._last[event.task_exec_id] = event
        return True

    def take_all(self, workflow: WorkflowState, tasks: Iterable[TaskState]) -> list[ExecutionEvent]:
        """Note how everything stands; return what of it is news, in the order in which it came about."""
        events = sorted(map(event_of, tasks), key=lambda event: event.at)
        if workflow.status.is_terminal:
            events.append(event_of(workflow))
        elif workflow.status is not Status.PENDING:  # nobody is told of that either
            events.insert(0, event_of(workflow))
        return [event for event in events if self.take(event)]


async def follow(
    messages: AsyncIterator[Message], read: Callable[[], Awaitable[States]], *, quiet_s: float = QUIET_S
) -> AsyncGenerator[ExecutionEvent, None]:
    """Yield the changes of one execution until it has ended, or there are no more messages.

    Args:
        messages: Those on the execution's channel.
        read: Reads how everything stands; may raise NotFoundError, when there is no such execution yet, and
            UnavailableError.
        quiet_s: After how many seconds in silence to read.
    """
    told = Told()
    wait_s = quiet_s
    while True:
        message = None
        with trio.move_on_after(wait_s) as silence:
            message = await anext(messages, None)
            if message is None:
                return
        events: list[ExecutionEvent] = []
        if silence.cancelled_caught or message is None or message.is_gap or message.lost:
            found = await _read(told, read)
            wait_s = quiet_s if found is not None else _AGAIN_S
            events += found or ()
        if message is not None and not message.is_gap:
            events += [event for event in parse_events(message.payload) if told.take(event)]
        for event in events:
            yield event
            if event.ends_execution:
                return


async def _read(told: Told, read: Callable[[], Awaitable[States]]) -> list[ExecutionEvent] | None:
    """Return what is news in the store; None when it cannot be read now."""
    try:
        workflow, tasks = await read()
    except NotFoundError:
        return []
    except UnavailableError:
        return None
    return told.take_all(workflow, tasks)
