"""The project file and ``.env`` beside it: found, read and checked, with all that is wrong."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from compozy.config.documents import Document
from compozy.config.dotenv import parse_dotenv
from compozy.config.project_file import ProjectFile
from compozy.config.resolution import resolve_settings
from compozy.config.sections import Sections
from compozy.config.settings import Mode, Settings
from compozy.config.validation import check_shape
from compozy.config.yaml_files import read_yaml
from compozy.domain.errors import InvalidError, Problem

PROJECT_FILE: Final = "compozy.yaml"


@attrs.frozen(kw_only=True)
class ReadProjectFile:
    """What the project file says, as far as it could be read.

    Attributes:
        folder: The project's folder as the user would type it; problems name files below it.
        root: The same, absolute.
        document: The project file.
        file: The project file in its shape, or None when it does not have it.
        env: What ``.env`` says.
        problems_of_file: All that is wrong with the project file.
        problems_of_env: All that is wrong with ``.env``.
    """

    folder: Path
    root: Path
    document: Document
    file: ProjectFile | None
    env: dict[str, str] = attrs.field(repr=False)  # it is where people keep secrets
    problems_of_file: tuple[Problem, ...]
    problems_of_env: tuple[Problem, ...]


def read_project_file(path: Path) -> ReadProjectFile:
    """Read ``compozy.yaml`` and ``.env`` beside it.

    Args:
        path: The file, or the folder that holds it.

    Raises:
        InvalidError: There is no such file, or it is not YAML. What is wrong within it is in the result.
    """
    location = path / PROJECT_FILE if path.is_dir() else path
    if not location.is_file():
        hint = f"write one, or name the folder that holds {PROJECT_FILE}"
        raise InvalidError(Problem(message="there is no such file", file=str(location), hint=hint))
    document = read_yaml(location, shown_as=str(location))
    file, problems = check_shape(document, ProjectFile)
    env, env_problems = _read_dotenv(location.parent / ".env")
    return ReadProjectFile(
        folder=location.parent,
        root=Path(os.path.abspath(location.parent)),  # noqa: PTH100 - resolve() would leave a linked folder
        document=document,
        file=file,
        env=env,
        problems_of_file=tuple(problems),
        problems_of_env=tuple(env_problems),
    )


def settings_of(
    read: ReadProjectFile,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings of a project that was read, or None and what is wrong outside its files.

    See :func:`compozy.config.resolution.resolve_settings` for the arguments.
    """
    sections = read.file or Sections()
    settings, problems = resolve_settings(
        read.document, sections, root=read.root, environ=environ, flags=flags, default_mode=default_mode
    )
    return (settings if read.file else None), problems


def read_settings(
    path: Path,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> Settings:
    """Return the settings alone, whatever state the workflows are in.

    Args:
        path: The project file, or its folder.
        environ: The environment.
        flags: The flags that were given, by the dotted key of the setting.
        default_mode: The mode when nothing says otherwise.

    Raises:
        InvalidError: With everything that is wrong with the project file, ``.env``, the environment and the flags.
    """
    read = read_project_file(path)
    settings, problems = settings_of(read, environ=environ, flags=flags, default_mode=default_mode)
    all_problems = [*read.problems_of_file, *read.problems_of_env, *problems]
    if settings is None or all_problems:
        raise InvalidError(all_problems)
    return settings


def _read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables of ``.env``, none when there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return {}, [Problem(message=f"cannot be read: {reason}", file=str(path))]
    return parse_dotenv(content, file=str(path))
