"""Python tools in this process: functions of the project's entrypoint.

``async def`` functions run on Trio; plain ones on worker threads, a bounded number at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.durations import format_duration
from compozy.domain.errors import ToolError
from compozy.domain.json import Json, JsonObject
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.entrypoints import Convention, ToolFunction, cause_of, convention_of, details_of, message_of
from compozy.drivers.tools.results import DEFAULT_MAX_OUTPUT_BYTES, as_object, dump_result

DEFAULT_THREADS: Final = 40
"""How many synchronous tools run at once; they mostly wait for something, so more than there are cores."""


class PythonTools(Tools):
    """Runs the exported functions of one entrypoint in this process.

    Args:
        functions: By tool id; each takes ``(input, config)``, or ``(input)`` alone, and may take ``env`` by name.
        threads: How many synchronous tools run at once.
        max_output_bytes: The largest output, as JSON.
    """

    def __init__(
        self,
        functions: Mapping[str, ToolFunction],
        *,
        threads: int = DEFAULT_THREADS,
        max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES,
    ) -> None:
        self._functions = dict(functions)
        # Found out once: to read a signature takes longer than many a tool.
        self._conventions: dict[str, Convention] = {}
        self._limiter = trio.CapacityLimiter(threads)
        self._max_output_bytes = max_output_bytes

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        function = self._functions.get(call.tool_id)
        if function is None:
            raise unknown_tool(call.tool_id, self._functions)
        seconds = call.timeout.total_seconds()
        # The time limit inside: what nurseries of a tool raise besides Cancelled when it is over is the tool's own.
        with _as_tool_error(call.tool_id), trio.move_on_after(seconds):
            result = await self._invoke(function, call)
            dump_result(call.tool_id, result, max_bytes=self._max_output_bytes)
            return as_object(result)
        raise out_of_time(call)

    async def _invoke(self, function: ToolFunction, call: ToolCall) -> Json:
        convention = self._conventions.get(call.tool_id)
        if convention is None:
            convention = self._conventions[call.tool_id] = convention_of(function)
        positional, named = convention.arguments(call.input, call.config, call.env)
        if convention.is_async:
            return await function(*positional, **named)
        # A thread cannot be stopped: it is left to end by itself, and counts against the limiter until it has.
        invoke = partial(_on_thread, call.tool_id, partial(function, *positional, **named))
        return await trio.to_thread.run_sync(invoke, abandon_on_cancel=True, limiter=self._limiter)


def _on_thread(tool_id: str, invoke: Callable[[], Json]) -> Json:
    """Call a plain function; whatever it raises is its own, since signals come to the main thread."""
    try:
        return invoke()
    except (ToolError, trio.Cancelled):
        raise
    except BaseException as error:
        raise _raised(tool_id, error) from error


@contextmanager
def _as_tool_error(tool_id: str) -> Iterator[None]:
    """Turn what a tool raises into a ToolError with the end of its traceback."""
    try:
        yield
    except (ToolError, trio.Cancelled, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # sys.exit() ends the tool, not the program
        if _ends_the_call(error):
            raise
        raise _raised(tool_id, error) from error


def _ends_the_call(error: BaseException) -> bool:
    """Tell whether there is something in a group of exceptions that no tool raises: its call, or the program, ends."""
    ending = (trio.Cancelled, KeyboardInterrupt, GeneratorExit)
    return isinstance(error, BaseExceptionGroup) and error.subgroup(ending) is not None


def _raised(tool_id: str, error: BaseException) -> ToolError:
    cause = cause_of(error)
    if isinstance(cause, ToolError):
        return cause
    return ToolError(raised_message(tool_id, type(cause).__name__, message_of(cause)), details=details_of(cause))


def raised_message(tool_id: str, name: str, message: str) -> str:
    """Return the sentence about a tool that raised."""
    return f"tool {tool_id!r} raised {name}: {message}" if message else f"tool {tool_id!r} raised {name}"


def unknown_tool(tool_id: str, known: Mapping[str, object] | frozenset[str]) -> ToolError:
    """Return the error about a tool that the entrypoint does not export."""
    message = f"the entrypoint exports no tool {tool_id!r}; {did_you_mean(tool_id, known)}"
    return ToolError(message, error_code="TOOL_NOT_FOUND")


def out_of_time(call: ToolCall, *, details: JsonObject | None = None) -> ToolError:
    """Return the error about a call that ran out of time."""
    message = f"tool {call.tool_id!r} did not end within {format_duration(call.timeout)}"
    return ToolError(message, error_code="TIMED_OUT", details=details)
