"""The built-in tools of a project, as its file allows them."""

from pathlib import Path
from typing import Any, Final

from compozy.contracts.tools import Tools
from compozy.domain.builtin_tools import BUILTINS
from compozy.domain.definitions import NativeCommand, NativeTools, Project
from compozy.domain.errors import InvalidError, Problem

_KEY: Final = "runtime.native_tools"


def with_native_tools(project: Project, tools: Tools) -> Tools:
    """Return tools that run the built-in ones too, if a workflow of the project names any.

    Raises:
        InvalidError: What the project allows them cannot be.
    """
    named = {tool_id for workflow in project.workflows.values() for tool_id in workflow.tools}
    if not named.intersection(BUILTINS):
        return tools
    # Only now: they need an HTTP client and a regular expression engine, which take a while to import.
    from compozy.drivers.tools.builtins.tools import BuiltinTools, with_builtins  # noqa: PLC0415

    return with_builtins(tools, BuiltinTools(_settings(project)))


def _settings(project: Project) -> Any:
    from compozy.drivers.tools.builtins.settings import BuiltinSettings, ExecSettings, FetchSettings  # noqa: PLC0415

    native = project.runtime.native
    root = Path(project.root, native.root_dir)
    try:
        return BuiltinSettings(
            root=root,
            read_only=native.read_only,
            exec=ExecSettings(**_given(timeout=native.exec_timeout, commands=_commands(native))),
            fetch=FetchSettings(
                allowed_hosts=native.allowed_hosts,
                denied_hosts=native.denied_hosts,
                allow_private=native.allow_private,
                **_given(max_bytes=native.max_body, timeout=native.fetch_timeout),
            ),
            **_given(max_file_bytes=native.max_file_size),
        )
    except ValueError as error:
        raise InvalidError(Problem(key=_KEY, message=str(error))) from error


def _commands(native: NativeTools) -> Any:
    if native.commands is None:
        return None
    return tuple(map(_command, native.commands))


def _command(command: NativeCommand) -> Any:
    from compozy.drivers.tools.builtins.harmless import AllowedCommand  # noqa: PLC0415

    return AllowedCommand(
        path=Path(command.path),
        patterns=command.arguments,
        max_paths=command.max_paths,
        timeout=command.timeout,
    )


def _given(**values: Any) -> dict[str, Any]:
    """Return the values that are given; the others stay as they are by default."""
    return {name: value for name, value in values.items() if value is not None}
