"""Tools that run in worker processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import InvalidError, Problem, ToolError
from compozy.domain.json import JsonObject
from compozy.drivers.tools.pool import Pool
from compozy.drivers.tools.protocol import ReplyTooLargeError, call_facts
from compozy.drivers.tools.python import out_of_time, raised_message, unknown_tool
from compozy.drivers.tools.results import as_object, too_large
from compozy.drivers.tools.runtimes import Runtime, explain
from compozy.drivers.tools.spawning import Launch, open_worker
from compozy.drivers.tools.worker import Worker, WorkerEndedError

_LOADING_S: Final = 30.0
"""How long loading the entrypoint may take; one that waits for something at its top level waits for ever."""

_STACK_LINES: Final = 4
_OURS: Final = ("/worker.mjs:", "[eval1]", "(ext:", "(node:", "data:application/javascript")
"""What the frames of the worker and of the runtime have in them."""


class WorkerTools(Tools):
    """Runs the exported functions of one entrypoint in worker processes.

    Args:
        pool: The processes.
        max_output_bytes: The largest output, as JSON; what the processes were told.
    """

    def __init__(self, pool: Pool, *, max_output_bytes: int) -> None:
        self._pool = pool
        self._max_output_bytes = max_output_bytes

    async def warm_up(self) -> frozenset[str]:
        """Start a worker, which is kept, and return what the entrypoint exports.

        Raises:
            InvalidError: The entrypoint cannot be loaded.
            OSError: The process could not be started.
        """
        async with self._pool.worker() as worker:
            return worker.tools

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        used: Worker | None = None
        with trio.move_on_after(call.timeout.total_seconds()):
            try:
                async with self._pool.worker() as used:
                    return await self._run_on(used, call)
            except (InvalidError, OSError) as error:
                message = f"tool {call.tool_id!r} could not be run: {error}"
                raise ToolError(message, error_code="TOOL_NOT_LOADED") from error
        raise out_of_time(call, details=used.prints.tails() if used else {"waited_for": "a free worker process"})

    async def _run_on(self, worker: Worker, call: ToolCall) -> JsonObject:
        if call.tool_id not in worker.tools:
            raise unknown_tool(call.tool_id, worker.tools)
        worker.prints.begin(tool=call.tool_id, task_exec_id=call.tool_exec_id)
        try:
            reply = await worker.ask(call_facts(call))
        except WorkerEndedError as error:
            message = f"tool {call.tool_id!r} did not end: {error}"
            raise ToolError(message, error_code="TOOL_CRASHED", details=worker.prints.tails()) from error
        except ReplyTooLargeError as error:
            raise too_large(call.tool_id, None, max_bytes=self._max_output_bytes) from error
        except ValueError as error:
            message = f"tool {call.tool_id!r} returned something that is not JSON: {error}"
            raise ToolError(message, error_code="TOOL_OUTPUT_INVALID") from error
        if "error" in reply:
            raise _error_of(call.tool_id, reply["error"], worker.prints.tails())
        return as_object(reply.get("result"))


@asynccontextmanager
async def open_loaded_worker(launch: Launch, runtime: Runtime) -> AsyncIterator[Worker]:
    """Start a worker process that has loaded the entrypoint.

    Args:
        launch: How.
        runtime: What it is and loads, for the messages.

    Raises:
        InvalidError: The entrypoint cannot be loaded; says why in the words of the runtime.
        OSError: The process could not be started.
    """
    async with open_worker(launch) as worker:
        with trio.move_on_after(_LOADING_S) as scope:
            worker.tools = await _load(worker, runtime)
        if scope.cancelled_caught:
            raise _not_loaded(runtime, f"loading it did not end within {_LOADING_S:g} s", worker)
        yield worker


async def _load(worker: Worker, runtime: Runtime) -> frozenset[str]:
    try:
        reply = await worker.ask(worker.first)
    except (WorkerEndedError, ReplyTooLargeError, ValueError) as error:
        raise _not_loaded(runtime, f"loading it did not end: {error}", worker) from error
    if "error" in reply:
        why = reply["error"]
        raise _not_loaded(runtime, explain(runtime, reply.get("metadata", {}), why), worker, line=why.get("line"))
    return frozenset(reply["tools"])


def _not_loaded(runtime: Runtime, message: str, worker: Worker, *, line: int | None = None) -> InvalidError:
    printed = worker.prints.tails().get("stderr")
    hint = f"it printed: {printed}" if printed else None
    return InvalidError(Problem(file=str(runtime.entrypoint), line=line, message=message, hint=hint))


def _error_of(tool_id: str, error: JsonObject, prints: JsonObject) -> ToolError:
    """Return what a tool raised, or what is wrong with what it returned."""
    name, message = str(error.get("name", "Error")), str(error.get("message", ""))
    code = error.get("error_code")
    if code is not None:
        return ToolError(message, error_code=str(code), details={**error.get("details", {}), **prints})
    details = {"type": name, "traceback": error.get("traceback") or _frames(str(error.get("stack", "")))}
    if isinstance(error.get("code"), str):
        details["code"] = error["code"]
    return ToolError(raised_message(tool_id, name, message), details={**details, **prints})


def _frames(stack: str) -> list[str]:
    """Return the first frames of a JavaScript stack that are the tool's own.

    >>> _frames("Error: no" + chr(10) + " at pay (file:///p/tools.ts:3:9)" + chr(10) + " at serve (/w/worker.mjs:1:1)")
    ['at pay (file:///p/tools.ts:3:9)']
    """
    lines = [line.strip() for line in stack.splitlines()]
    frames = [line for line in lines if line.startswith("at ") and not any(mark in line for mark in _OURS)]
    return frames[:_STACK_LINES]
