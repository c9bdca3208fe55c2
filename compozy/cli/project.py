"""The project that a command line names, read without starting anything."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from compozy.config.reading import read_settings
from compozy.config.settings import DatabaseSettings, Mode
from compozy.domain.definitions import Project, TaskDefinition
from compozy.engine.loading.projects import LoadedProject, read_project

Flags = Mapping[str, object | None]
"""Dotted setting to the value of its flag; None means that the flag was not given."""


def given(flags: Flags) -> dict[str, object]:
    """Return the flags that were given."""
    return {setting: value for setting, value in flags.items() if value is not None}


def read(config: Path, flags: Flags | None = None, *, default_mode: Mode = Mode.DISTRIBUTED) -> LoadedProject:
    """Return the project and its settings without starting anything.

    Args:
        config: ``compozy.yaml`` or its folder.
        flags: The command line's.
        default_mode: The mode when nothing says otherwise.

    Raises:
        InvalidError: With everything that is wrong.
    """
    return read_project(config, environ=os.environ, flags=given(flags or {}), default_mode=default_mode)


def read_database_settings(config: Path) -> DatabaseSettings:
    """Return the settings of the project's database, whatever state its workflows are in.

    Raises:
        InvalidError: With everything that is wrong with the project file, the environment and ``.env``.
    """
    return read_settings(config, environ=os.environ, flags={}).database


def counted(number: int, noun: str) -> str:
    """Return the number with its noun.

    >>> counted(1, "workflow"), counted(2, "task")
    ('1 workflow', '2 tasks')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def count_tasks(project: Project) -> int:
    """Return how many tasks the workflows have, the children of containers included."""

    def count(tasks: Iterable[TaskDefinition]) -> int:
        return sum(1 + count(task.tasks) for task in tasks)

    return sum(count(workflow.tasks) for workflow in project.workflows.values())
