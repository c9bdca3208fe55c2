"""The project: whether its YAML is right, and whether its entrypoint has the tools that it names."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import trio

from compozy.cli.doctoring.findings import Finding, fail, ok
from compozy.cli.project import counted
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import Project, RuntimeType
from compozy.domain.errors import InvalidError
from compozy.domain.json import JsonObject
from compozy.domain.suggestions import did_you_mean
from compozy.drivers.tools.project import open_tools, tool_settings

_IMPORT_TIMEOUT_S: Final = 30


def invalid_project(error: InvalidError) -> Iterator[Finding]:
    """Yield a finding for each problem of the YAML."""
    for problem in error.problems:
        yield fail("project", str(problem), "correct it, then `compozy config validate`")


def valid_project(project: Project) -> Finding:
    """Return the finding for a project without problems."""
    return ok("project", f"{project.name}: {counted(len(project.workflows), 'workflow')}")


def examine_entrypoint(project: Project) -> Iterator[Finding]:
    """Tell whether the entrypoint can be imported, and exports each tool that the workflows name."""
    if project.runtime.entrypoint is None:
        return
    path = Path(project.root) / project.runtime.entrypoint
    is_python = project.runtime.type is RuntimeType.PYTHON
    answer = import_apart(path) if is_python else trio.run(load_elsewhere, project)
    if "error" in answer:
        program = "python" if is_python else project.runtime.type.value
        yield fail("entrypoint", str(answer["error"]), f"make `{program} {path}` run")
        return
    exported = answer["tools"]
    yield ok("entrypoint", f"{path} exports {counted(len(exported), 'tool')}")
    for tool_id in missing_tools(project, exported):
        hint = did_you_mean(tool_id, exported)
        yield fail("tools", f"{path.name} has no function {tool_id!r}", f"write it, or correct the id; {hint}")


def missing_tools(project: Project, exported: Iterable[str]) -> list[str]:
    """Return the ids of the tools that workflows name and the entrypoint does not export."""
    named = {tool_id for workflow in project.workflows.values() for tool_id in workflow.tools}
    return sorted(named - set(exported) - set(BUILTINS))


async def load_elsewhere(project: Project) -> JsonObject:
    """Load the entrypoint in the runtime of the project; return its ``tools``, or the ``error``."""
    try:
        async with open_tools(tool_settings(project)) as tools:
            return {"tools": sorted(tools.exported)}
    except InvalidError as error:
        return {"error": error.message}


def import_apart(path: Path) -> JsonObject:
    """Import the file in a process of its own; return its ``tools``, or the ``error``."""
    command = [sys.executable, "-m", "compozy.cli.doctoring.entrypoint", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, capture_output=True, text=True, timeout=_IMPORT_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return {"error": f"importing {path} did not end within {_IMPORT_TIMEOUT_S} s"}
    try:
        answer: JsonObject = json.loads(done.stdout)
    except ValueError:
        last_line = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"error": f"importing {path} ended the interpreter with exit code {done.returncode}: {last_line}"}
    return answer
