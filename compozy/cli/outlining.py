"""Workflows for people: a row for each, and one as the outline of its tasks."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.graphing.model import Box, Graph, Way, graph_of
from compozy.cli.project import count_inner, get_workflow, load
from compozy.cli.running.results import as_json
from compozy.domain.codec import to_json
from compozy.domain.definitions import WorkflowDefinition
from compozy.domain.json import JsonObject


def print_workflows(config: Path, *, format_: str) -> None:
    """Print the workflows of a project, in the order of its files.

    Raises:
        InvalidError: With everything that is wrong with the project.
    """
    found = [_summary(workflow) for workflow in load(config).workflows.values()]
    if format_ == "json":
        click.echo(as_json(found))
        return
    table = Table("workflow", "tasks", "started by", "description", box=None, pad_edge=False)
    for each in found:
        table.add_row(
            Text(each["id"]), str(each["tasks"]), Text(", ".join(each["started_by"])), Text(each["description"])
        )
    Console().print(table)


def print_workflow(config: Path, workflow_id: str, *, format_: str) -> None:
    """Print one workflow.

    Raises:
        InvalidError: With everything that is wrong with the project.
        NotFoundError: It has no such workflow.
    """
    workflow = get_workflow(load(config), workflow_id)
    if format_ == "json":
        click.echo(as_json(to_json(workflow)))
        return
    console = Console()
    summary = _summary(workflow)
    console.print(Text.assemble((workflow.id, "bold"), f"  {workflow.description}".rstrip()))
    if summary["started_by"]:
        console.print(Text(f"started by: {', '.join(summary['started_by'])}"))
    if workflow.input_schema is not None:
        names = ", ".join(workflow.input_schema.get("properties", {}))
        console.print(Text(f"input: {names}" if names else "input: see its schema"))
    console.print(_outline(graph_of(workflow)))


def _summary(workflow: WorkflowDefinition) -> JsonObject:
    started_by = [f"{trigger.type.value} {trigger.name}" for trigger in workflow.triggers]
    if workflow.schedule is not None:
        started_by.append(f"schedule {workflow.schedule.cron}" + ("" if workflow.schedule.enabled else " (off)"))
    return {
        "id": workflow.id,
        "version": workflow.version,
        "description": workflow.description,
        "tasks": count_inner(workflow.tasks),
        "started_by": started_by,
    }


def _outline(graph: Graph) -> Table:
    """Return a row for each task, those in containers further to the right, with what follows it."""
    table = Table("task", "type", "does", "then", box=None, pad_edge=False)
    for box in graph.boxes:
        depth = box.id.count("/") if box.parent is not None else 0
        table.add_row(Text(f"{'  ' * depth}{box.task}"), box.type.value, Text(box.does), Text(_then(graph, box)))
    return table


def _then(graph: Graph, box: Box) -> str:
    """Return what follows a task: ``next``, ``error: next``, ``KEY: next``."""
    ways = [arrow for arrow in graph.arrows if arrow.source == box.id and arrow.way is not Way.ORDER]
    parts = [
        arrow.target if arrow.way is Way.SUCCESS else f"{arrow.label or arrow.way.value}: {arrow.target}"
        for arrow in ways
    ]
    return ", ".join(parts) or ("final" if box.is_final else "")
