"""The project that a command line names, read without starting anything."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from compozy.config.reading import read_settings
from compozy.config.settings import DatabaseSettings, Mode
from compozy.domain.definitions import Project, TaskDefinition, WorkflowDefinition
from compozy.domain.errors import NotFoundError
from compozy.domain.suggestions import did_you_mean
from compozy.engine.loading.projects import LoadedProject, load_project, read_project

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
    return sum(count_inner(workflow.tasks) for workflow in project.workflows.values())


def count_inner(tasks: Iterable[TaskDefinition]) -> int:
    """Return how many tasks these are, the children of containers included."""
    return sum(1 + count_inner(task.tasks) for task in tasks)


def load(config: Path) -> Project:
    """Return the project without its settings, which need not be in order.

    Raises:
        InvalidError: With everything that is wrong with its files.
    """
    return load_project(config)


def get_workflow(project: Project, workflow_id: str) -> WorkflowDefinition:
    """Return a workflow of the project.

    Raises:
        NotFoundError: It has none of that name.
    """
    workflow = project.workflows.get(workflow_id)
    if workflow is None:
        raise NotFoundError(f"there is no workflow {workflow_id!r}; {did_you_mean(workflow_id, project.workflows)}")
    return workflow
