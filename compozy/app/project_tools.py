"""The tools that a worker runs: the project's own, where its runtime wants them, and the built-in ones."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from compozy.app.native_tools import with_native_tools
from compozy.contracts.tools import Tools
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.project import open_tools, tool_settings


@asynccontextmanager
async def open_project_tools(project: Project, *, max_output_bytes: int) -> AsyncIterator[Tools]:
    """Load the project's entrypoint and open its tools; on leaving, no process of theirs is alive.

    Args:
        project: The project.
        max_output_bytes: How large the output of a tool may be, as JSON.

    Raises:
        InvalidError: The entrypoint cannot be loaded or lacks a tool that a workflow names, its runtime is not
            installed, or something that the project allows its tools cannot be.
    """
    async with open_tools(tool_settings(project, max_output_bytes=max_output_bytes)) as tools:
        problems = missing_tools(project, tools.exported)
        if problems:
            raise InvalidError(problems)
        yield with_native_tools(project, tools)


def missing_tools(project: Project, exported: Collection[str]) -> list[Problem]:
    """Return the tools that workflows name and the entrypoint does not export, each as a problem."""
    if project.runtime.entrypoint is None:
        return []
    file = str(Path(project.root, project.runtime.entrypoint))
    named = {tool_id: workflow.id for workflow in project.workflows.values() for tool_id in workflow.tools}
    return [
        Problem(
            file=file,
            message=f"exports no function {tool_id!r}, which workflow {workflow_id!r} uses",
            hint=did_you_mean(tool_id, exported),
        )
        for tool_id, workflow_id in sorted(named.items())
        if tool_id not in exported and tool_id not in BUILTINS
    ]
