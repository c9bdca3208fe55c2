"""Asking a running server about its executions, telling it what to do with them, and showing what it answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import attrs
import click
import httpx
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from compozy.cli.exits import Exit
from compozy.cli.instants import since
from compozy.cli.running.answers import accepted, translated, view_of_wire
from compozy.cli.running.displays import STYLES
from compozy.cli.running.durations import format_seconds
from compozy.cli.running.remote import client_options
from compozy.cli.running.results import as_json, as_table, print_output
from compozy.cli.running.tables import tasks_table
from compozy.cli.running.views import View
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status

_API: Final = "/api/v0"
_LISTING: Final = ("executions", "workflows")
_TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)


@attrs.frozen(kw_only=True)
class Query:
    """Which executions a listing is to have.

    Attributes:
        workflow: Only those of this workflow; None for any.
        statuses: Only those that stand so; empty for any.
        parent: Only those that this one started, or that repeat it; None for any.
        limit: How many at most.
        cursor: The ``next_cursor`` of the page before; None for the first.
    """

    workflow: str | None = None
    statuses: Sequence[str] = ()
    parent: str | None = None
    limit: int = 50
    cursor: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Return it as the query of a URL."""
        named = {"workflow_id": self.workflow, "parent_exec_id": self.parent, "cursor": self.cursor}
        given = {name: value for name, value in named.items() if value is not None}
        return {**given, "status": list(self.statuses), "limit": self.limit}


def print_page(server: str, query: Query, *, format_: str) -> Exit:
    """Print one page of a listing.

    Raises:
        CompozyError: The server cannot be reached, or refuses the query.
    """
    page = _get(server, _LISTING, query.parameters())
    if format_ == "json":
        click.echo(as_json(page))
    else:
        show_page(Console(), page, clock=_now)
    return Exit.SUCCESS


def print_execution(server: str, exec_id: str, *, format_: str) -> Exit:
    """Print one execution with its tasks.

    Raises:
        CompozyError: The server cannot be reached, or has no such execution.
    """
    execution = _get(server, (*_LISTING, exec_id), {})
    if format_ == "json":
        click.echo(as_json(execution))
    else:
        Console().print(execution_view(view_of_wire(execution), execution, clock=_now))
    return Exit.SUCCESS


def print_answer(server: str, path: Sequence[str], body: JsonObject, *, format_: str) -> Exit:
    """Post to the API, and print what it answers.

    Args:
        server: Its address.
        path: The parts of the path below the API's.
        body: What to post.
        format_: Of what is printed.

    Raises:
        CompozyError: The server cannot be reached, or refuses it.
    """
    with httpx.Client(**client_options(server), timeout=_TIMEOUT) as client, translated(server):
        response = client.post(_url(path), json=body)
    print_output(accepted(response), format_)
    return Exit.SUCCESS


def show_page(console: Console, page: JsonObject, *, clock: Callable[[], datetime]) -> None:
    """Show a page of a listing, and below it how to get the next one, in one piece, to be copied."""
    console.print(page_view(page, clock=clock))
    if (following := page.get("next_cursor")) is not None:
        console.print(Text(f"more: --cursor {following}", "dim"), soft_wrap=True)


def page_view(page: JsonObject, *, clock: Callable[[], datetime]) -> RenderableType:
    """Return a table with a row for each execution.

    An error has what room the other columns leave, and no more than the first line of its message.
    """
    table = Table(box=None, pad_edge=False, expand=True)
    for heading in ("execution", "workflow", "status", "started"):
        table.add_column(heading, no_wrap=heading != "workflow", overflow="fold")
    table.add_column("error", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in page.get("executions", ()):
        status = str(row.get("status", ""))
        table.add_row(
            Text(str(row.get("exec_id", ""))),
            Text(str(row.get("workflow_id", ""))),
            Text(status, _style(status)),
            since(row.get("created_at"), clock()),
            Text(str((row.get("error") or {}).get("message", "")).partition("\n")[0]),
        )
    return table if table.row_count else Text("no executions", "yellow")


def execution_view(view: View, wire: Mapping[str, Any], *, clock: Callable[[], datetime]) -> RenderableType:
    """Return what there is to know about one execution: how it stands, its tasks, and what it gave.

    Args:
        view: The execution.
        wire: The same as the API shows it.
        clock: Gives the current time, UTC.
    """
    now = clock()
    end = view.changed_at if view.status.is_terminal else now
    took = format_seconds(max(end - view.started_at, end - end))
    head: dict[str, Json] = {"execution": view.exec_id, "workflow": view.workflow_id, "status": view.status.value}
    head |= {"started": since(wire.get("created_at"), now), "took": took}
    head |= {name: wire[key] for name, key in (("parent", "parent_exec_id"), ("trigger", "trigger")) if wire.get(key)}
    head |= {} if view.error is None else {"error": view.error}
    shown: list[RenderableType] = [as_table(head)]
    if view.tasks:
        shown += [Text(), tasks_table(view, _awaited(wire), now)]
    if view.output is not None:
        shown += [Text(), as_table({"output": view.output})]
    return Group(*shown)


def _awaited(wire: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what tasks wait for, by run; a server of another version may not say."""
    tasks = [task for task in wire.get("tasks", ()) if isinstance(task, dict)]
    return {str(task.get("task_exec_id")): str(task["awaits"]) for task in tasks if task.get("awaits")}


def _style(status: str) -> str:
    known = STYLES.get(Status(status)) if status in Status.__members__ else None
    return known[1] if known is not None else ""


def _get(server: str, path: Sequence[str], query: Mapping[str, Any]) -> JsonObject:
    with httpx.Client(**client_options(server), timeout=_TIMEOUT) as client, translated(server):
        response = client.get(_url(path), params=dict(query))
    return accepted(response)


def _url(path: Sequence[str]) -> str:
    return "/".join([_API, *(quote(part, safe="") for part in path)])


def _now() -> datetime:
    return datetime.now(UTC)
