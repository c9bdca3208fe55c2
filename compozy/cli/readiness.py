"""What a running server says of itself, as tables or as it stands: its actors, and the workers it knows."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import attrs
import click
import httpx
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from compozy.cli.booting import boot_line, boot_seconds
from compozy.cli.exits import Exit
from compozy.cli.instants import since
from compozy.cli.running.answers import error_of, json_object, translated
from compozy.cli.running.remote import client_options
from compozy.cli.running.results import as_json
from compozy.cli.workers import read_workers, workers_view
from compozy.domain.errors import UnavailableError
from compozy.domain.json import JsonObject

_TIMEOUT_S: Final = 5.0
_ANSWERS: Final = frozenset({HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE})


@attrs.frozen(kw_only=True)
class Standing:
    """How a server stands.

    Attributes:
        readiness: What ``/readyz`` says.
        workers: What it lists; None when it does not, or cannot now.
        trouble: Why it cannot list them now; None when it does, or is of a version that never does.
    """

    readiness: JsonObject
    workers: JsonObject | None = None
    trouble: str | None = None


def read_standing(url: str) -> Standing:
    """Return what the server at this address says of itself.

    Raises:
        UnavailableError: Nobody answers there.
        InvalidError: Somebody does, but not a Compozy server.
    """
    with httpx.Client(**client_options(url), timeout=_TIMEOUT_S) as client:
        with translated(url):
            readiness = _read_readiness(client)
        try:
            with translated(url):
                return Standing(readiness=readiness, workers=read_workers(client))
        except UnavailableError as error:
            return Standing(readiness=readiness, trouble=error.message)


def _read_readiness(client: httpx.Client) -> JsonObject:
    response = client.get("/readyz")
    body = json_object(response)
    if body is None or not isinstance(body.get("actors"), list) or response.status_code not in _ANSWERS:
        raise error_of(response.status_code, body, str(response.url))
    return body


def print_standing(standing: Standing, format_: str) -> Exit:
    """Print it on stdout and return the exit code: UNAVAILABLE unless the server is ready.

    A worker that is stale does not change that: others may do the work.
    """
    if format_ == "json":
        click.echo(as_json(_as_object(standing)))
    else:
        _print_tables(standing, lambda: datetime.now(UTC))
    if standing.trouble is not None:
        click.echo(f"the workers are not known now: {standing.trouble}", err=True)
    return Exit.SUCCESS if standing.readiness.get("ready") is True else Exit.UNAVAILABLE


def _as_object(standing: Standing) -> JsonObject:
    """Return both answers as one; ``workers`` is null when they are not known now, and absent when they never are."""
    if standing.trouble is not None:
        return {**standing.readiness, "workers": None}
    return {**standing.readiness, **(standing.workers or {})}


def _print_tables(standing: Standing, clock: Callable[[], datetime]) -> None:
    console = Console()
    actors = standing.readiness["actors"]
    console.print(actors_view(actors, clock=clock))
    if (boot := boot_line(actors)) is not None:
        console.print()
        console.print(Text(boot))
    if standing.workers is not None:
        console.print()
        console.print(workers_view(standing.workers, clock=clock))


def actors_view(actors: list[Mapping[str, Any]], *, clock: Callable[[], datetime]) -> RenderableType:
    """Return a table with a row for each actor, which fits into 80 columns, and below it why some are not ready."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "state", "restarts", "since", "start took"):
        table.add_column(heading, no_wrap=True)
    for actor in actors:
        table.add_row(
            Text(str(actor.get("name", ""))),
            Text(str(actor.get("state", "")), "green" if actor.get("ready") else "red"),
            str(actor.get("restarts", "")),
            since(actor.get("since"), clock()),
            boot_seconds(actor.get("ready_in_s")),
        )
    reasons = [Text(f"{actor.get('name')}: {actor['reason']}", "red") for actor in actors if actor.get("reason")]
    return Group(table, *([Text(), *reasons] if reasons else []))
