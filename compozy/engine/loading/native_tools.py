"""What the built-in tools are allowed: ``runtime.native_tools``, checked and built."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from compozy.config.documents import Document
from compozy.config.native_tools import CommandEntry, ExecSection, FetchSection, NativeToolsSection
from compozy.domain.definitions import NativeCommand, NativeTools
from compozy.domain.errors import Problem
from compozy.engine.loading.patterns import is_folder

_PATH = ("runtime", "native_tools")


def build_native_tools(section: NativeToolsSection | None) -> NativeTools:
    """Return what the built-in tools are allowed."""
    if section is None:
        return NativeTools()
    exec_ = section.exec or ExecSection.model_construct()
    fetch = section.fetch or FetchSection.model_construct()
    return NativeTools(
        enabled=section.enabled is not False,
        root_dir=section.root_dir or ".",
        read_only=bool(section.read_only),
        max_file_size=section.max_file_size,
        commands=None if exec_.allowed is None else tuple(map(_build_command, exec_.allowed)),
        exec_timeout=exec_.timeout,
        allowed_hosts=tuple(fetch.allowed_hosts or []),
        denied_hosts=tuple(fetch.denied_hosts or []),
        allow_private=bool(fetch.allow_private),
        max_body=fetch.max_body,
        fetch_timeout=fetch.timeout,
    )


def native_tools_problems(document: Document, section: NativeToolsSection | None, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with the section.

    Args:
        document: The project file.
        section: The section of it.
        folder: The project's folder.
    """
    if section is None:
        return
    root = section.root_dir
    if root is not None and not is_folder(folder / root):
        hint = "make it, or name another; the path is relative to the project file"
        yield document.problem((*_PATH, "root_dir"), f"there is no folder {root!r}", hint=hint)
    for index, command in enumerate((section.exec.allowed if section.exec else None) or []):
        if not PurePath(command.path).is_absolute():
            hint = "write for example /usr/bin/jq"
            path = (*_PATH, "exec", "allowed", index, "path")
            yield document.problem(path, f"{command.path!r} is not an absolute path", hint=hint)


def _build_command(entry: CommandEntry) -> NativeCommand:
    return NativeCommand(
        path=entry.path,
        arguments=tuple(entry.arguments or []),
        max_paths=entry.max_paths or 0,
        timeout=entry.timeout,
    )
