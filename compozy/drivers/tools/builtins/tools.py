"""Runs built-in tools, and hands the others on."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs
import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.builtin_tools import BUILTINS, PREFIX
from compozy.domain.durations import format_duration
from compozy.domain.errors import ToolError
from compozy.domain.json import JsonObject
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.builtins.commands import Commands
from compozy.drivers.tools.builtins.failures import Code, failure
from compozy.drivers.tools.builtins.fetching import Fetcher
from compozy.drivers.tools.builtins.files import delete_file, read_file, write_file
from compozy.drivers.tools.builtins.inputs import Inputs
from compozy.drivers.tools.builtins.listing import list_dir, list_files
from compozy.drivers.tools.builtins.network import Resolve, resolve
from compozy.drivers.tools.builtins.processes import Executor
from compozy.drivers.tools.builtins.root import Root
from compozy.drivers.tools.builtins.searching import grep
from compozy.drivers.tools.builtins.settings import BuiltinSettings

_OnFiles: TypeAlias = Callable[[Root, BuiltinSettings, JsonObject], JsonObject]
_Performer: TypeAlias = Callable[[JsonObject], Awaitable[JsonObject]]

_ON_FILES: Final[Mapping[str, _OnFiles]] = MappingProxyType(
    {
        "cp__read_file": read_file,
        "cp__write_file": write_file,
        "cp__delete_file": delete_file,
        "cp__list_dir": list_dir,
        "cp__list_files": list_files,
        "cp__grep": grep,
    }
)


class BuiltinTools(Tools):
    """Runs the tools of ``compozy.domain.builtin_tools``. POSIX only.

    Cancellation: a command is killed and a connection closed at once; a walk over files stops at the next one; reading
    or writing a single file is finished first.

    Args:
        settings: What is allowed.
        find: What resolves the names of hosts.
    """

    def __init__(self, settings: BuiltinSettings, *, find: Resolve = resolve) -> None:
        self._inputs = Inputs()
        limiter = trio.CapacityLimiter(settings.threads)
        root = Root(settings.root, private=settings.private)
        executor = Executor(root, settings.exec, Commands.of(settings.exec.commands), limiter)
        self._performers: dict[str, _Performer] = {
            tool_id: partial(_on_thread, partial(function, root, settings), limiter)
            for tool_id, function in _ON_FILES.items()
        }
        self._performers["cp__exec"] = executor.run
        self._performers["cp__fetch"] = Fetcher(settings.fetch, find).fetch

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        tool = BUILTINS.get(call.tool_id)
        if tool is None:
            hint = did_you_mean(call.tool_id, BUILTINS)
            raise failure(Code.TOOL_NOT_FOUND, f"there is no built-in tool {call.tool_id!r}; {hint}")
        given = self._inputs.checked(tool, call.input)
        seconds = call.timeout.total_seconds()
        with _unforeseen(tool.id), trio.move_on_after(seconds):
            return await self._performers[tool.id](given)
        raise failure(Code.TIMED_OUT, f"tool {call.tool_id!r} did not end within {format_duration(call.timeout)}")


@contextmanager
def _unforeseen(tool_id: str) -> Iterator[None]:
    """Turn what no tool means to raise into an error of the task: it must not end the worker that runs it."""
    try:
        yield
    except ToolError:
        raise
    except Exception as error:
        raise failure(Code.TOOL_FAILED, f"tool {tool_id!r} raised {type(error).__name__}: {error}") from error


@attrs.frozen
class _Composed(Tools):
    own: Tools
    builtins: Tools

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        return await (self.builtins if call.tool_id.startswith(PREFIX) else self.own).run(call)


def with_builtins(tools: Tools, builtins: Tools) -> Tools:
    """Return tools that run every id that begins with ``cp__`` by ``builtins``, and any other by ``tools``."""
    return _Composed(tools, builtins)


async def _on_thread(
    function: Callable[[JsonObject], JsonObject], limiter: trio.CapacityLimiter, given: JsonObject
) -> JsonObject:
    return await trio.to_thread.run_sync(function, given, limiter=limiter)
