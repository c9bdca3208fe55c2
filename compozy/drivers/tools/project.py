"""The tools of one project: opened as its runtime says, each run where it should."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio
from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import Project, RuntimeDefinition, RuntimeType, ToolIsolation
from compozy.domain.errors import ToolError
from compozy.domain.json import JsonObject
from compozy.domain.tool_env import find_env_problem
from compozy.drivers.tools.entrypoints import exported_tools, load_entrypoint
from compozy.drivers.tools.pool import open_pool
from compozy.drivers.tools.python import PythonTools
from compozy.drivers.tools.results import DEFAULT_MAX_OUTPUT_BYTES
from compozy.drivers.tools.runtimes import Runtime, launch_of
from compozy.drivers.tools.workers import WorkerTools, open_loaded_worker
from compozy.telemetry.logger import get_logger

KEPT_WORKERS: Final = min(4, os.cpu_count() or 1)
"""How many worker processes are kept: tools compute with as many cores as there are, and each takes some 50 MB."""

MOST_WORKERS: Final = 4 * KEPT_WORKERS
"""How many worker processes there are at most, for tools that wait for something."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class ToolSettings:
    """How the tools of a project are run.

    Attributes:
        root: Absolute path of the project's folder.
        runtime: What runs them.
        isolations: Where single Python tools run, by id; the others run where the runtime says.
        kept_workers: How many worker processes are kept.
        most_workers: How many there are at most.
        max_output_bytes: The largest output of a tool, as JSON.
    """

    root: Path
    runtime: RuntimeDefinition
    isolations: Mapping[str, ToolIsolation] = attrs.Factory(dict)
    kept_workers: int = KEPT_WORKERS
    most_workers: int = MOST_WORKERS
    max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES

    @property
    def runs_here(self) -> bool:
        """Whether some tools run in this process."""
        is_python = self.runtime.type is RuntimeType.PYTHON
        return is_python and ToolIsolation.NONE in (self.runtime.isolation, *self.isolations.values())

    @property
    def runs_elsewhere(self) -> bool:
        """Whether some tools run in worker processes."""
        is_python = self.runtime.type is RuntimeType.PYTHON
        return not is_python or ToolIsolation.PROCESS in (self.runtime.isolation, *self.isolations.values())

    def is_isolated(self, tool_id: str) -> bool:
        """Return whether this tool runs in a worker process."""
        if self.runtime.type is not RuntimeType.PYTHON:
            return True
        return self.isolations.get(tool_id, self.runtime.isolation) is ToolIsolation.PROCESS


def tool_settings(project: Project, *, max_output_bytes: int = DEFAULT_MAX_OUTPUT_BYTES) -> ToolSettings:
    """Return how the tools of a project are run; one that any workflow wants isolated is.

    Args:
        project: The project.
        max_output_bytes: The largest output of a tool, as JSON.
    """
    isolations: dict[str, ToolIsolation] = {}
    for workflow in project.workflows.values():
        for tool_id, tool in workflow.tools.items():
            if tool_id not in BUILTINS and isolations.get(tool_id) is not ToolIsolation.PROCESS:
                isolations[tool_id] = tool.isolation
    return ToolSettings(
        root=Path(project.root), runtime=project.runtime, isolations=isolations, max_output_bytes=max_output_bytes
    )


class ProjectTools(Tools):
    """The tools of one project.

    Args:
        here: Those that run in this process, if any do.
        elsewhere: Those that run in worker processes, if any do.
        is_isolated: Whether the tool of this id runs in a worker process.
        exported: The ids of all tools.

    Attributes:
        exported: The ids of all tools that the entrypoint exports.
    """

    def __init__(
        self,
        *,
        here: Tools | None = None,
        elsewhere: Tools | None = None,
        is_isolated: Callable[[str], bool],
        exported: frozenset[str],
    ) -> None:
        self.exported = exported
        nowhere = PythonTools({})
        self._here = here or nowhere
        self._elsewhere = elsewhere or nowhere
        self._is_isolated = is_isolated

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        problem = find_env_problem(call.env)
        if problem is not None:
            raise ToolError(f"tool {call.tool_id!r} was not run: {problem}", error_code="TOOL_ENV_REFUSED")
        tools = self._elsewhere if self._is_isolated(call.tool_id) else self._here
        return await tools.run(call)


@asynccontextmanager
async def open_tools(settings: ToolSettings) -> AsyncIterator[ProjectTools]:
    """Load the entrypoint and open its tools; on leaving, no process of theirs is alive.

    With worker processes, one is started and has loaded the entrypoint when the block is entered; more are started
    when calls wait. What the block raises leaves as it is.

    Raises:
        InvalidError: The entrypoint cannot be loaded, its runtime is not installed or its permissions are none.
    """
    here: PythonTools | None = None
    exported: frozenset[str] = frozenset()
    if settings.runtime.entrypoint is not None and settings.runs_here:
        entrypoint = settings.root / settings.runtime.entrypoint
        functions = exported_tools(await trio.to_thread.run_sync(load_entrypoint, entrypoint))
        here = PythonTools(functions, max_output_bytes=settings.max_output_bytes)
        exported = frozenset(functions)
    if settings.runtime.entrypoint is None or not settings.runs_elsewhere:
        yield ProjectTools(here=here, is_isolated=settings.is_isolated, exported=exported)
        return
    async with _open_workers(settings, settings.root / settings.runtime.entrypoint) as elsewhere:
        exported |= await elsewhere.warm_up()
        yield ProjectTools(here=here, elsewhere=elsewhere, is_isolated=settings.is_isolated, exported=exported)


@asynccontextmanager
async def _open_workers(settings: ToolSettings, entrypoint: Path) -> AsyncIterator[WorkerTools]:
    defined = settings.runtime
    runtime = Runtime(type=defined.type, entrypoint=entrypoint, root=settings.root, permissions=defined.permissions)
    if defined.permissions and defined.type is not RuntimeType.DENO:
        _log.warning("runtime.permissions have no effect: deno alone enforces them", runtime=defined.type.value)
    launch = await trio.to_thread.run_sync(partial(launch_of, runtime, max_output_bytes=settings.max_output_bytes))
    workers = partial(open_loaded_worker, launch, runtime)
    async with open_pool(workers, keep=settings.kept_workers, most=settings.most_workers) as pool:
        yield WorkerTools(pool, max_output_bytes=settings.max_output_bytes)
