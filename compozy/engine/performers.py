"""What does the work of tasks: each kind of work, and who does it."""

from collections.abc import Awaitable
from datetime import timedelta

import attrs
import trio

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.durations import format_duration
from compozy.domain.errors import TaskError
from compozy.domain.executions import TaskState
from compozy.domain.json import JsonObject
from compozy.domain.work import AskWork, MemoryWork, Signal, SignalWork, TaskRequest, ToolWork
from compozy.engine.asking import Asking
from compozy.engine.dispatching import Dispatching
from compozy.engine.memories import Memories
from compozy.engine.memory_tasks import perform_memory_work


@attrs.frozen(kw_only=True)
class Performers:
    """Does the work of task runs.

    Attributes:
        tools: What runs tools.
        dispatching: Tells events; None where no task tells any.
        asking: Asks models; None where no task asks any.
        memories: The conversations of memory tasks; None where there are none.
    """

    tools: Tools
    dispatching: Dispatching | None = None
    asking: Asking | None = None
    memories: Memories | None = None

    async def perform(self, request: TaskRequest) -> JsonObject:
        """Do the work of one task run and return its output.

        Raises:
            TaskError: It could not be done, or not in time; the task has failed.
            UnavailableError: A backend cannot be reached; the run may be repeated.
        """
        match request.work:
            case ToolWork() as work:
                return await self.tools.run(
                    ToolCall(
                        tool_id=work.tool_id,
                        tool_exec_id=request.task.task_exec_id,
                        input=request.task.input,
                        config=work.config,
                        timeout=request.timeout,
                        env=work.env,
                    )
                )
            case SignalWork() as work:
                return await self._tell(request.task, work)
            case AskWork() as work:
                return await _within(request.timeout, self._ask(request, work))
            case MemoryWork() as work:
                return await _within(request.timeout, self._use_memory(request, work))

    async def _tell(self, task: TaskState, work: SignalWork) -> JsonObject:
        """Tell an event under the identifier of the task run, so that a run that is repeated tells the same."""
        dispatching = self.dispatching
        assert dispatching is not None  # noqa: S101 - whoever runs whole workflows has one
        now = dispatching.executions.clock()
        sender = task.exec_id
        event = Signal(
            name=work.name,
            payload=work.payload,
            event_id=task.task_exec_id,
            at=now,
            sender=sender,
            depth=work.depth,
        )
        dispatching.check_depth(event)
        if work.tells_sender:
            await dispatching.deliver(sender, event)
        return (await dispatching.tell(event, informed=sender)).as_json()

    async def _ask(self, request: TaskRequest, work: AskWork) -> JsonObject:
        assert self.asking is not None  # noqa: S101 - whoever runs whole workflows has it
        return await self.asking.ask(work, by=request.task.task_exec_id, tried=request.tried)

    async def _use_memory(self, request: TaskRequest, work: MemoryWork) -> JsonObject:
        assert self.memories is not None  # noqa: S101 - whoever runs whole workflows has them
        return await perform_memory_work(self.memories, work, by=request.task.task_exec_id)


async def _within(limit: timedelta, work: Awaitable[JsonObject]) -> JsonObject:
    """Return what the work comes to, if it does so in time."""
    with trio.move_on_after(limit.total_seconds()):
        return await work
    raise TaskError(f"it did not end within {format_duration(limit)}", error_code="TIMED_OUT")
