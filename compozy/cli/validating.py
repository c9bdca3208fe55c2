"""What ``compozy validate`` finds: what is wrong with a project, or what it has."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.complaints import report, warn
from compozy.cli.exits import Exit
from compozy.cli.project import Flags, count_inner, count_tasks, counted, given
from compozy.cli.running.results import as_json
from compozy.config.strangers import unknown_variables
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject
from compozy.engine.loading.projects import ExaminedProject, examine_project
from compozy.engine.schedules.instants import upcoming

_SHOWN_TIMES: Final = 3


def print_validation(config: Path, flags: Flags, *, format_: str) -> Exit:
    """Check the project and print what was found.

    Args:
        config: The project.
        flags: The flags to reckon with.
        format_: ``json``; ``table``, which shows what each workflow has; or ``text``, one line when nothing is wrong.
    """
    examined = _examined(config, flags)
    warnings = [*unknown_variables(os.environ), *examined.warnings]
    loaded = examined.loaded
    project = None if loaded is None else loaded.project
    if format_ == "json":
        click.echo(as_json(_findings(project, examined.problems, warnings)))
    elif project is None:
        report(InvalidError(examined.problems))
        _warn(warnings)
    else:
        _warn(warnings)
        _print_project(project, is_brief=format_ == "text")
    return Exit.INVALID if project is None else Exit.SUCCESS


def _findings(project: Project | None, problems: Iterable[Problem], warnings: Iterable[Problem]) -> JsonObject:
    found = {"valid": project is not None, "problems": _plain(problems), "warnings": _plain(warnings)}
    return found if project is None else {**found, **counts(project, due_times(project, now=datetime.now(UTC)))}


def _warn(warnings: Iterable[Problem]) -> None:
    for problem in warnings:
        warn(str(problem))


def _print_project(project: Project, *, is_brief: bool) -> None:
    if not is_brief:
        times = due_times(project, now=datetime.now(UTC))
        console = Console()
        console.print(_table(counts(project, times)))
        for workflow_id, due in times.items():
            console.print(Text(f"{workflow_id} is due {_listed(due)}"), soft_wrap=True)
    click.echo(f"ok: {counted(len(project.workflows), 'workflow')}, {counted(count_tasks(project), 'task')}")


def _examined(config: Path, flags: Flags) -> ExaminedProject:
    try:
        return examine_project(config, environ=os.environ, flags=given(flags))
    except InvalidError as error:
        return ExaminedProject(problems=error.problems)


def due_times(project: Project, *, now: datetime) -> dict[str, tuple[datetime, ...]]:
    """Return when each workflow with a schedule that is on is due next, soonest first, without its jitter."""
    return {
        workflow.id: upcoming(workflow.schedule, after=now, count=_SHOWN_TIMES)
        for workflow in project.workflows.values()
        if workflow.schedule is not None and workflow.schedule.enabled
    }


def counts(project: Project, times: Mapping[str, Sequence[datetime]]) -> JsonObject:
    """Return how many workflows and tasks a project has, and how many of what each workflow.

    Args:
        project: The project.
        times: When its workflows are due, by id.
    """
    workflows = {
        workflow.id: {
            "tasks": count_inner(workflow.tasks),
            "tools": len(workflow.tools),
            "agents": len(workflow.agents),
            "triggers": len(workflow.triggers),
            "schedule": workflow.schedule.cron if workflow.schedule is not None else None,
            "next_times": [_instant(time) for time in times.get(workflow.id, ())],
        }
        for workflow in project.workflows.values()
    }
    return {"project": project.name, "runtime": project.runtime.type.value, "workflows": workflows}


def _table(found: JsonObject) -> Table:
    table = Table("workflow", "tasks", "tools", "agents", "triggers", "schedule", box=None, pad_edge=False)
    for workflow_id, each in found["workflows"].items():
        numbers = (str(each[key]) for key in ("tasks", "tools", "agents", "triggers"))
        table.add_row(Text(workflow_id), *numbers, Text(each["schedule"] or ""))
    return table


def _listed(times: Sequence[datetime]) -> str:
    return ", ".join(map(_instant, times)) if times else "never again"


def _instant(time: datetime) -> str:
    """Return a moment in UTC, to the second."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _plain(problems: Iterable[Problem]) -> list[JsonObject]:
    return [attrs.asdict(problem) for problem in problems]
