"""``compozy schedules``: ``list``, ``run``, ``pause`` and ``resume``."""

from collections.abc import Callable
from typing import Any

import click

from compozy.cli.exits import Exit
from compozy.cli.identifiers import workflow_argument
from compozy.cli.options import DEFAULT_SERVER, chosen_format, examples, format_option, server_url


def _of_server(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command here has."""
    server = click.option(
        "--server", metavar="URL", default=DEFAULT_SERVER, show_default=True, callback=server_url, help="Its address."
    )
    return server(format_option("json", "table")(command))


def _with_note(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--note", metavar="TEXT", help="Why; it is shown with the schedule.")(command)


@click.group(epilog=examples("compozy schedules list", "compozy schedules run nightly"))
def schedules() -> None:
    """See when a running server starts workflows by itself, and act on that.

    A schedule is known by its workflow.
    """


@schedules.command(
    "list", epilog=examples("compozy schedules list", "compozy schedules list -o json | jq '.[].next_times[0]'")
)
@_of_server
def list_(*, server: str, format_: str | None) -> Exit:
    """List the schedules of the server's project: when they are due next, and what they started last."""
    from compozy.cli.scheduling import print_schedules  # noqa: PLC0415 - heavy: only when the command runs

    print_schedules(server, chosen_format(format_))
    return Exit.SUCCESS


@schedules.command(epilog=examples("compozy schedules run nightly"))
@workflow_argument
@_of_server
def run(*, workflow: str, server: str, format_: str | None) -> Exit:
    """Act as if a schedule were due now, paused or not.

    Its overlap policy holds: with skip, nothing is started while its last execution still runs.
    """
    return _act(server, workflow, "run", format_=format_)


@schedules.command(epilog=examples('compozy schedules pause nightly --note "the warehouse moves"'))
@workflow_argument
@_with_note
@_of_server
def pause(*, workflow: str, note: str | None, server: str, format_: str | None) -> Exit:
    """Have a schedule start nothing until it is resumed, whatever is restarted meanwhile.

    What it has started goes on. What is due meanwhile is not made up for.
    """
    return _act(server, workflow, "pause", note=note, format_=format_)


@schedules.command(epilog=examples("compozy schedules resume nightly"))
@workflow_argument
@_with_note
@_of_server
def resume(*, workflow: str, note: str | None, server: str, format_: str | None) -> Exit:
    """Have a paused schedule start what is due from now on."""
    return _act(server, workflow, "resume", note=note, format_=format_)


def _act(server: str, workflow: str, verb: str, *, note: str | None = None, format_: str | None) -> Exit:
    from compozy.cli.scheduling import act_on_schedule  # noqa: PLC0415 - heavy: only when a command runs

    act_on_schedule(server, workflow, verb, note=note, format_=chosen_format(format_))
    return Exit.SUCCESS
