"""The workers that a running server lists: asking for them, and a table of them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from compozy.cli.instants import ago, since
from compozy.cli.running.answers import error_of, json_object
from compozy.domain.errors import UnavailableError
from compozy.domain.json import JsonObject

_PATH: Final = "/api/v0/workers"

_DIFFERS: Final = "differs"

_STYLES: Final = {"live": "green", "late": "yellow", "stale": "red"}


def read_workers(client: httpx.Client) -> JsonObject | None:
    """Return what the server lists; None when it is of a version that lists no workers.

    Raises:
        UnavailableError: The server answers, but cannot list them now; says why.
        httpx.HTTPError: It does not answer.
    """
    response = client.get(_PATH)
    if response.status_code == HTTPStatus.NOT_FOUND:
        return None
    body = json_object(response)
    if not response.is_success or body is None or not isinstance(body.get("workers"), list):
        raise UnavailableError(str(error_of(response.status_code, body, str(response.url))))
    return body


def workers_view(listing: JsonObject, *, clock: Callable[[], datetime]) -> RenderableType:
    """Return a table with a row for each worker, and below it in what some differ, and whose records cannot be read.

    It fits into 80 columns; of a long id all is shown, on several lines.
    """
    workers = [worker for worker in listing["workers"] if isinstance(worker, dict)]
    unreadable = [str(each) for each in listing.get("unreadable_workers") or ()]
    shown: list[RenderableType] = [_table(workers, clock) if workers else Text("no workers", "yellow")]
    shown += [
        Text(f"{worker.get('id')} {how}", "yellow")
        for worker in workers
        if (how := difference(worker)).startswith(f"{_DIFFERS}:")
    ]
    if unreadable:
        shown.append(Text(f"cannot be read: {', '.join(unreadable)}", "yellow"))
    return Group(*shown)


def _table(workers: list[JsonObject], clock: Callable[[], datetime]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("worker", overflow="fold")
    for heading in ("state", "last beat", "started", "version", "project"):
        table.add_column(heading, no_wrap=True)
    for worker in workers:
        state = str(worker.get("state", ""))
        style = _STYLES.get(state, "")
        table.add_row(
            Text(str(worker.get("id", ""))),
            Text(state, style),
            Text(_last_beat(worker), style if state != "live" else ""),
            since(worker.get("started_at"), clock()),
            Text(str(worker.get("version", ""))),
            Text(difference(worker).partition(":")[0]),
        )
    return table


def _last_beat(worker: Mapping[str, Any]) -> str:
    try:
        return ago(timedelta(seconds=worker["age_s"]))
    except (KeyError, OverflowError, TypeError, ValueError):
        return ""


def difference(worker: Mapping[str, Any]) -> str:
    """Return in what a worker's version of the project differs from the server's.

    >>> difference({"same_project": False, "differing_workflows": ["greet"], "same_tools": False})
    'differs: greet, tools'
    """
    if worker.get("same_project") is True:
        return "same"
    parts = [str(each) for each in worker.get("differing_workflows") or ()]
    if worker.get("same_tools") is False:
        parts.append("tools")
    return f"{_DIFFERS}: {', '.join(parts)}" if parts else _DIFFERS
