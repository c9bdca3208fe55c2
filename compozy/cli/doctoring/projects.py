"""The project: whether its YAML is right, and whether its entrypoint has the tools that it names."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from compozy.cli.doctoring.findings import Finding, fail, ok
from compozy.cli.project import counted
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError
from compozy.domain.json import JsonObject
from compozy.domain.suggestions import did_you_mean

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
    if project.entrypoint is None:
        return
    path = Path(project.root) / project.entrypoint
    answer = import_apart(path)
    if "error" in answer:
        yield fail("entrypoint", str(answer["error"]), f"make `python {path}` run")
        return
    exported = answer["tools"]
    yield ok("entrypoint", f"{path} exports {counted(len(exported), 'tool')}")
    for tool_id in missing_tools(project, exported):
        hint = did_you_mean(tool_id, exported)
        yield fail("tools", f"{path.name} has no function {tool_id!r}", f"write it, or correct the id; {hint}")


def missing_tools(project: Project, exported: Iterable[str]) -> list[str]:
    """Return the ids of the tools that workflows name and the entrypoint does not export."""
    named = {tool_id for workflow in project.workflows.values() for tool_id in workflow.tools}
    return sorted(named - set(exported))


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
