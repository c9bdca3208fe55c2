"""What ``compozy validate`` finds: what is wrong with a project, or what it has."""

import os
from collections.abc import Iterable
from pathlib import Path

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.complaints import warn
from compozy.cli.exits import Exit
from compozy.cli.project import Flags, count_inner, count_tasks, counted, read
from compozy.cli.running.results import as_json
from compozy.config.strangers import unknown_variables
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject


def print_validation(config: Path, flags: Flags, *, format_: str) -> Exit:
    """Check the project and print what was found.

    Args:
        config: The project.
        flags: The flags to reckon with.
        format_: ``json`` or ``table``.

    Raises:
        InvalidError: Something is wrong, and it is to be told as errors are: ``format_`` is ``table``.
    """
    warnings = list(unknown_variables(os.environ))
    try:
        loaded = read(config, flags)
    except InvalidError as error:
        if format_ != "json":
            raise
        click.echo(as_json({"valid": False, "problems": _plain(error.problems), "warnings": _plain(warnings)}))
        return Exit.INVALID
    warnings += loaded.warnings
    if format_ == "json":
        found = {"valid": True, "problems": [], "warnings": _plain(warnings), **counts(loaded.project)}
        click.echo(as_json(found))
        return Exit.SUCCESS
    for problem in warnings:
        warn(str(problem))
    Console().print(_table(loaded.project))
    click.echo(
        f"ok: {counted(len(loaded.project.workflows), 'workflow')}, {counted(count_tasks(loaded.project), 'task')}"
    )
    return Exit.SUCCESS


def counts(project: Project) -> JsonObject:
    """Return how many workflows and tasks a project has, and how many of what each workflow."""
    workflows = {
        workflow.id: {
            "tasks": count_inner(workflow.tasks),
            "tools": len(workflow.tools),
            "agents": len(workflow.agents),
            "triggers": len(workflow.triggers),
            "schedule": workflow.schedule.cron if workflow.schedule is not None else None,
        }
        for workflow in project.workflows.values()
    }
    return {"project": project.name, "runtime": project.runtime.type.value, "workflows": workflows}


def _table(project: Project) -> Table:
    table = Table("workflow", "tasks", "tools", "agents", "triggers", "schedule", box=None, pad_edge=False)
    for workflow_id, each in counts(project)["workflows"].items():
        numbers = (str(each[key]) for key in ("tasks", "tools", "agents", "triggers"))
        table.add_row(Text(workflow_id), *numbers, Text(each["schedule"] or ""))
    return table


def _plain(problems: Iterable[Problem]) -> list[JsonObject]:
    return [attrs.asdict(problem) for problem in problems]
