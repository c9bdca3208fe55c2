"""A new project: the files under ``scaffold/`` with its name filled in, and the schemas that editors read."""

import os
import re
import shlex
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from compozy.cli.schemas import FOLDER, schema_files
from compozy.domain.errors import DuplicateError, InvalidError, Problem

_SUFFIX: Final = ".template"
"""Keeps the tools that check this repository from reading the files as part of it."""

_PLACEHOLDER: Final = "PROJECT_NAME"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def project_files(name: str) -> dict[Path, str]:
    """Return the files of a new project: relative path to content."""
    found: dict[Path, str] = {}

    def walk(folder: Traversable, place: Path) -> None:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.is_dir():
                walk(entry, place / entry.name)
            elif entry.name.endswith(_SUFFIX):
                text = entry.read_text(encoding="utf-8")
                found[place / entry.name.removesuffix(_SUFFIX)] = text.replace(_PLACEHOLDER, name)

    walk(files("compozy.cli") / "scaffold", Path())
    return found | {Path(FOLDER) / name: text for name, text in schema_files().items()}


def name_for(folder: Path) -> str:
    """Return a project name that the folder suggests.

    >>> name_for(Path("/tmp/My first project"))
    'my-first-project'
    """
    return re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "project"


def write_project(path: Path, *, name: str | None = None) -> list[Path]:
    """Write a new project and return its files as the user would type them.

    Args:
        path: Its folder; made when missing.
        name: Its name; None takes the folder's.

    Raises:
        InvalidError: The name is not one.
        DuplicateError: Some of its files are there already; nothing was written.
    """
    name = name_for(path.resolve()) if name is None else name
    if not _NAME.fullmatch(name):
        hint = "letters, digits, '.', '_' and '-', the first one a letter or digit"
        raise InvalidError(Problem(message=f"{name!r} is not a project name", key="--name", hint=hint))
    contents = {path / relative: text for relative, text in project_files(name).items()}
    existing = [str(file) for file in contents if os.path.lexists(file)]
    if existing:
        raise DuplicateError(f"already there, nothing was written: {', '.join(existing)}")
    for file, text in contents.items():
        _write_new(file, text)
    return list(contents)


def next_steps(path: Path) -> list[str]:
    """Return the two commands to run after the project was written."""
    run = "compozy run hello --input name=Ada"
    return [f"cd {shlex.quote(str(path))}", run] if path.resolve() != Path.cwd() else [run, "compozy serve"]


def _write_new(file: Path, text: str) -> None:
    """Write a file that was not there a moment ago, and must not have come since."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise DuplicateError(f"{file} came into being just now; it was left alone") from error
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}") from error
