"""What ``/readyz`` of a running server says, as a table or as it stands."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.exits import Exit
from compozy.cli.running.answers import error_of, json_object, translated
from compozy.cli.running.displays import format_seconds
from compozy.cli.running.remote import client_options
from compozy.cli.running.results import as_json
from compozy.domain.json import JsonObject

_TIMEOUT_S: Final = 5.0
_ANSWERS: Final = frozenset({HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE})


def read_readiness(url: str) -> JsonObject:
    """Return what the server at this address says of itself.

    Raises:
        UnavailableError: Nobody answers there.
        InvalidError: Somebody does, but not a Compozy server.
    """
    with translated(url), httpx.Client(**client_options(url), timeout=_TIMEOUT_S) as client:
        response = client.get("/readyz")
    body = json_object(response)
    if body is None or not isinstance(body.get("actors"), list) or response.status_code not in _ANSWERS:
        raise error_of(response.status_code, body, str(response.url))
    return body


def print_readiness(body: JsonObject, format_: str) -> Exit:
    """Print it on stdout and return the exit code: UNAVAILABLE unless the server is ready."""
    if format_ == "json":
        click.echo(as_json(body))
    else:
        Console().print(as_table(body["actors"], clock=lambda: datetime.now(UTC)))
    return Exit.SUCCESS if body.get("ready") is True else Exit.UNAVAILABLE


def as_table(actors: list[Mapping[str, Any]], *, clock: Callable[[], datetime]) -> Table:
    """Return a table with a row for each actor."""
    table = Table("name", "state", "generation", "restarts", "since", "why", box=None, pad_edge=False)
    for actor in actors:
        table.add_row(
            Text(str(actor.get("name", ""))),
            Text(str(actor.get("state", "")), "green" if actor.get("ready") else "red"),
            str(actor.get("generation", "")),
            str(actor.get("restarts", "")),
            since(actor.get("since"), clock()),
            Text(str(actor.get("reason") or "")),
        )
    return table


def since(instant: object, now: datetime) -> str:
    """Return how long ago an instant was, or the text itself when it is none.

    >>> since("2026-01-01T00:00:00Z", datetime(2026, 1, 1, 0, 1, 15, tzinfo=UTC))
    '1 min 15 s ago'
    """
    try:
        then = datetime.fromisoformat(str(instant))
        return f"{format_seconds(now - then)} ago"
    except (TypeError, ValueError):
        return str(instant or "")
