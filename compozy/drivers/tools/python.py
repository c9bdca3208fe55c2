"""Python tools: functions of the project's entrypoint, run in this process.

``async def`` functions run on Trio; plain ones on worker threads, a bounded number at a time.
"""

import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import outcome
import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import InvalidError, Problem, ToolError
from compozy.domain.json import Json, JsonObject
from compozy.domain.suggestions import did_you_mean

ToolFunction = Callable[..., Any]

_MODULE_NAME: Final = "compozy_project_tools"
_TRACEBACK_FRAMES: Final = 4
MAX_OUTPUT_BYTES: Final = 1024 * 1024
"""The largest output of a tool, as JSON: it becomes part of a history, whose entries Temporal limits to 2 MiB."""

DEFAULT_THREADS: Final = 40
"""How many synchronous tools run at once; they mostly wait for something, so more than there are cores."""


def load_entrypoint(path: Path) -> ModuleType:
    """Import the project's entrypoint and return the module.

    Its folder is on ``sys.path`` from then on, so that it can import its neighbours.

    Raises:
        InvalidError: It cannot be read, or it raised; names the line.
    """
    spec = importlib.util.spec_from_file_location(_MODULE_NAME, path)
    if spec is None or spec.loader is None:
        raise InvalidError(
            Problem(file=str(path), key="runtime.entrypoint", message="is not a Python file", hint="name a .py file")
        )
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Before it is executed, as an import would: dataclasses and pickle look a class's module up by name.
    sys.modules[_MODULE_NAME] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InvalidError(_problem_of(path, error)) from error
    return module


def _problem_of(path: Path, error: Exception) -> Problem:
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename) == path:
            line = frame.lineno
    return Problem(file=str(path), line=line, message=f"importing it raised {type(error).__name__}: {error}")


def exported_tools(module: ModuleType) -> dict[str, ToolFunction]:
    """Return the functions that the module exports, by the id that tasks use.

    ``__all__`` decides when there is one; else every public function that the module itself defines. A dict named
    ``TOOLS`` adds ids that are not Python names (``save-data``).
    """
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == module.__name__
        ]
    tools: dict[str, ToolFunction] = {name: getattr(module, name) for name in names}
    tools.update(getattr(module, "TOOLS", {}))
    return tools


class PythonTools(Tools):
    """Runs the exported functions of one entrypoint.

    Args:
        functions: By tool id; each takes ``(input, config)``, or ``(input)`` alone.
        threads: How many synchronous tools run at once.
    """

    def __init__(self, functions: Mapping[str, ToolFunction], *, threads: int = DEFAULT_THREADS) -> None:
        self._functions = dict(functions)
        self._arities: dict[str, int] = {}  # found out once: to read a signature takes longer than many a tool
        self._limiter = trio.CapacityLimiter(threads)

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        function = self._functions.get(call.tool_id)
        if function is None:
            raise ToolError(
                f"the entrypoint exports no tool {call.tool_id!r}; {did_you_mean(call.tool_id, self._functions)}",
                error_code="TOOL_NOT_FOUND",
            )
        seconds = call.timeout.total_seconds()
        with trio.move_on_after(seconds), _as_tool_error(call.tool_id):
            return _as_object(call.tool_id, await self._invoke(function, call))
        raise ToolError(f"tool {call.tool_id!r} did not end within {seconds:g} s", error_code="TIMED_OUT")

    async def _invoke(self, function: ToolFunction, call: ToolCall) -> Json:
        arity = self._arities.get(call.tool_id)
        if arity is None:
            arity = self._arities[call.tool_id] = _arity(function)
        arguments = (call.input, call.config)[:arity]
        if inspect.iscoroutinefunction(function):
            return await function(*arguments)
        # A thread cannot be stopped: it is left to end by itself, and counts against the limiter until it has.
        return await trio.to_thread.run_sync(function, *arguments, abandon_on_cancel=True, limiter=self._limiter)


def _arity(function: ToolFunction) -> int:
    """Return how many of ``(input, config)`` the function takes."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return min(2, len(positional))


@contextmanager
def _as_tool_error(tool_id: str) -> Iterator[None]:
    """Turn what a tool raises into a ToolError with the end of its traceback."""
    try:
        yield
    except ToolError:
        raise
    except Exception as error:
        frames = _frames_of_the_tool(error)[-_TRACEBACK_FRAMES:]
        details = {
            "type": type(error).__name__,
            "traceback": [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames],
        }
        message = f"tool {tool_id!r} raised {type(error).__name__}: {error}"
        raise ToolError(message, details=details) from error


def _frames_of_the_tool(error: Exception) -> list[traceback.FrameSummary]:
    """Return the frames of an error that are not ours or those of what carries a call to its thread."""
    carriers = (__file__, *(str(Path(module.__file__ or "").parent) for module in (trio, outcome)))
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not frame.filename.startswith(carriers)]


def _as_object(tool_id: str, result: Json) -> JsonObject:
    """Return the tool's result as its output: an object as it is, None as ``{}``, all else under ``value``."""
    try:
        size = len(json.dumps(result, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ToolError(
            f"tool {tool_id!r} returned something that is not JSON: {error}", error_code="TOOL_OUTPUT_INVALID"
        ) from error
    if size > MAX_OUTPUT_BYTES:
        raise ToolError(
            f"tool {tool_id!r} returned {size} bytes of JSON, more than {MAX_OUTPUT_BYTES};"
            " return a reference to large data instead, for example a path",
            error_code="TOOL_OUTPUT_TOO_LARGE",
        )
    if result is None:
        return {}
    return result if isinstance(result, dict) else {"value": result}
