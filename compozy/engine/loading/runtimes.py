"""What runs the tools of a project: its section ``runtime``, checked and built."""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Final

from compozy.config.documents import Document
from compozy.config.project_file import RuntimeSection
from compozy.domain.definitions import RuntimeDefinition, RuntimeType, ToolIsolation
from compozy.domain.errors import Problem
from compozy.domain.suggestions import find_nearest
from compozy.engine.loading.gaps import is_whole
from compozy.engine.loading.native_tools import build_native_tools, native_tools_problems
from compozy.engine.loading.patterns import UNREADABLE_HINT, find_obstacle, is_file

_SCRIPTS: Final = frozenset({".ts", ".mts", ".js", ".mjs", ".cjs"})
_PYTHON: Final = ".py"


def build_runtime(section: RuntimeSection | None) -> RuntimeDefinition:
    """Return what runs the tools.

    Without ``type``, an entrypoint in TypeScript or JavaScript is run by bun, as projects from before ``type`` have
    it; anything else is Python.
    """
    if section is None:
        return RuntimeDefinition()
    default = RuntimeType.BUN if _suffix(section) in _SCRIPTS else RuntimeType.PYTHON
    return RuntimeDefinition(
        type=RuntimeType(section.type or default),
        entrypoint=section.entrypoint,
        permissions=tuple(section.permissions or []),
        isolation=ToolIsolation(section.isolation or ToolIsolation.NONE),
        tool_timeout=section.tool_execution_timeout,
        native=build_native_tools(section.native_tools),
    )


def runtime_problems(
    document: Document, section: RuntimeSection | None, folder: Path, *, has_tools: bool
) -> Iterator[Problem]:
    """Yield what is wrong with the section.

    Args:
        document: The project file.
        section: The section of it.
        folder: The project's folder.
        has_tools: Whether anything in the project declares a tool.
    """
    if not is_whole(document, ("runtime",)):
        return
    if section is not None:
        yield from native_tools_problems(document, section.native_tools, folder)
    entrypoint = section.entrypoint if section is not None else None
    if section is None or entrypoint is None:
        if has_tools:
            hint = "name the file that exports them"
            yield document.problem(("runtime", "entrypoint"), "is required where there are tools", hint=hint)
        return
    obstacle = find_obstacle(folder / entrypoint)
    if obstacle is not None:
        message = f"{entrypoint!r} cannot be read: {obstacle}"
        yield document.problem(("runtime", "entrypoint"), message, hint=UNREADABLE_HINT)
    elif not is_file(folder / entrypoint):
        meant = find_nearest(entrypoint, (file.name for file in folder.glob("*.*")))
        hint = "the path is relative to the project file"
        hint = hint if meant is None else f"did you mean {meant!r}? {hint}"
        yield document.problem(("runtime", "entrypoint"), f"there is no file {entrypoint!r}", hint=hint)
    runtime = build_runtime(section)
    is_python = runtime.type is RuntimeType.PYTHON
    if is_python and _suffix(section) in _SCRIPTS:
        hint = "use type: deno, bun or node"
        yield document.problem(("runtime", "type"), f"{entrypoint!r} is not Python", hint=hint)
    elif not is_python and _suffix(section) == _PYTHON:
        hint = "use type: python"
        yield document.problem(("runtime", "type"), f"{runtime.type} does not run {entrypoint!r}", hint=hint)
    if not is_python and section.isolation is not None:
        message = f"has no meaning for type: {runtime.type}, which runs tools in processes of its own"
        yield document.problem(("runtime", "isolation"), message, hint="remove the key")


def _suffix(section: RuntimeSection) -> str:
    return PurePath(section.entrypoint or "").suffix.lower()
