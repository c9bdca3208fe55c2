"""The schedules of a running server: asking for them, acting on one, and a table of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import click
import httpx
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from compozy.cli.instants import since
from compozy.cli.running.answers import accepted, translated
from compozy.cli.running.remote import client_options
from compozy.cli.running.results import as_json
from compozy.domain.json import JsonObject

_PATH: Final = "/api/v0/schedules"
_TIMEOUT_S: Final = 30.0
_STYLES: Final = {"active": "green", "paused": "yellow", "off": "dim", "absent": "red"}
_STOPPED: Final = ("paused", "off")
_DIFFERS: Final = "is not in force as its file says; the worker that starts next mends that"


def print_schedules(url: str, format_: str) -> None:
    """Print the schedules of the server at this address.

    Raises:
        CompozyError: It does not answer, or cannot tell now; the class says whose turn it is.
    """
    listing = _ask(url, lambda client: client.get(_PATH))["schedules"]
    _print(listing, listing, format_)


def act_on_schedule(url: str, workflow_id: str, verb: str, *, note: str | None, format_: str) -> None:
    """Run, pause or resume a schedule of the server at this address, and print how it stands then.

    Raises:
        CompozyError: As :func:`print_schedules`; or there is no such schedule, or its file forbids it.
    """
    path = f"{_PATH}/{quote(workflow_id, safe='')}/{verb}"
    body = {} if note is None else {"note": note}
    schedule = _ask(url, lambda client: client.post(path, json=body))
    _print([schedule], schedule, format_)


def _ask(url: str, ask: Callable[[httpx.Client], httpx.Response]) -> JsonObject:
    with translated(url), httpx.Client(**client_options(url), timeout=_TIMEOUT_S) as client:
        return accepted(ask(client))


def _print(schedules: list[JsonObject], whole: Any, format_: str) -> None:
    if format_ == "json":
        click.echo(as_json(whole))
    else:
        Console().print(schedules_view(schedules, clock=lambda: datetime.now(UTC)))


def schedules_view(schedules: list[JsonObject], *, clock: Callable[[], datetime]) -> RenderableType:
    """Return a table with a row for each schedule, and below it what is unusual about some."""
    if not schedules:
        return Text("no workflow of the project has a schedule", "yellow")
    table = Table(box=None, pad_edge=False)
    table.add_column("workflow", overflow="fold")
    for heading in ("when", "state", "next", "last", "running"):
        table.add_column(heading, no_wrap=heading != "when")
    for schedule in schedules:
        state = str(schedule.get("state", ""))
        table.add_row(
            Text(str(schedule.get("workflow_id", ""))),
            Text(_when(schedule)),
            Text(state, _STYLES.get(state, "")),
            Text(_next(schedule)),
            Text(_last(schedule, clock())),
            str(len(schedule.get("running") or ())),
        )
    remarks = [Text(remark, "yellow") for schedule in schedules for remark in _remarks(schedule, clock())]
    return Group(table, *([Text(), *remarks] if remarks else []))


def _when(schedule: JsonObject) -> str:
    cron, timezone = str(schedule.get("cron", "")), str(schedule.get("timezone", ""))
    return cron if cron.startswith("@every") or timezone == "UTC" else f"{cron} {timezone}"


def _next(schedule: JsonObject) -> str:
    """Return when it is due next, to the second; nothing when it starts nothing."""
    times = schedule.get("next_times") or ()
    return str(times[0])[:19].replace("T", " ") + "Z" if times and schedule.get("state") == "active" else "-"


def _last(schedule: JsonObject, now: datetime) -> str:
    recent = schedule.get("recent") or ()
    return since(recent[-1].get("started_at"), now) if recent else "never"


def _remarks(schedule: JsonObject, now: datetime) -> list[str]:
    workflow_id = schedule.get("workflow_id")
    remarks = []
    if schedule.get("state") in _STOPPED and (stop := _stop(schedule, now)):
        remarks.append(f"{workflow_id}: {stop}")
    if schedule.get("state") == "absent":
        remarks.append(f"{workflow_id}: no worker has put it in force yet")
    if schedule.get("differs"):
        remarks.append(f"{workflow_id}: {_DIFFERS}")
    return remarks


def _stop(schedule: JsonObject, now: datetime) -> str:
    """Return since when a schedule starts nothing and why, as far as that is known."""
    paused_at, note = schedule.get("paused_at"), str(schedule.get("note") or "")
    if not paused_at:
        return note
    return f"paused {since(paused_at, now)}" + (f": {note}" if note else "")
