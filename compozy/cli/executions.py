"""``compozy executions``: looking at them, and ``cancel``, ``pause``, ``resume``, ``signal`` and ``rerun``."""

from typing import Any

import click

from compozy.cli.exits import Exit
from compozy.cli.identifiers import execution_argument, execution_id
from compozy.cli.options import chosen_format, examples, format_option, server_option
from compozy.cli.payloads import event_options
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status

_ID = "01JD7Q3Y3KZ4V3M8N9P0Q1R2S3"


@click.group(epilog=examples("compozy executions list --status PAUSED", f"compozy executions show {_ID}"))
def executions() -> None:
    """Look at the executions of a running server, and tell them what to do."""


@executions.command(
    "list",
    epilog=examples(
        "compozy executions list --workflow greet --status RUNNING --status PAUSED",
        "compozy executions list -o json | jq -r '.executions[].exec_id'",
    ),
)
@click.option("--workflow", metavar="ID", help="Only executions of this workflow.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status], case_sensitive=False),
    help="Only those that stand so; may be given several times.",
)
@click.option(
    "--parent",
    metavar="EXEC_ID",
    callback=execution_id,
    help="Only those that this execution started, or that repeat it.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most.")
@click.option("--cursor", metavar="TEXT", help="The next_cursor of the page before.")
@server_option
@format_option("json", "table")
def list_(*, server: str, format_: str | None, **query: Any) -> Exit:
    """List executions, newest first."""
    from compozy.cli.steering import Query, print_page  # noqa: PLC0415 - heavy: only when the command runs

    return print_page(server, Query(**query), format_=chosen_format(format_))


@executions.command(epilog=examples(f"compozy executions show {_ID}", f"compozy executions show {_ID} -o json"))
@execution_argument
@server_option
@format_option("json", "table")
def show(*, exec_id: str, server: str, format_: str | None) -> Exit:
    """Show one execution with its tasks."""
    from compozy.cli.steering import print_execution  # noqa: PLC0415 - heavy: only when the command runs

    return print_execution(server, exec_id, format_=chosen_format(format_))


@executions.command(epilog=examples(f"compozy executions watch {_ID}"))
@execution_argument
@click.option("--timeout", metavar="DURATION", help="How long to wait for the end, such as 30s or 5m.")
@server_option
@format_option("json", "table")
def watch(*, exec_id: str, timeout: str | None, server: str, format_: str | None) -> Exit:
    """Follow one execution to its end and print its output.

    Progress goes to stderr. The exit code is 0 only when the execution ended SUCCESS. Ctrl-C ends the watching, not the
    execution.
    """
    from compozy.cli.running.remote import watch_in_server  # noqa: PLC0415 - heavy: only when the command runs
    from compozy.cli.running.session import parse_patience  # noqa: PLC0415 - same

    return watch_in_server(exec_id, server, patience=parse_patience(timeout), format_=chosen_format(format_))


@executions.command(epilog=examples(f"compozy executions cancel {_ID}"))
@execution_argument
@server_option
@format_option("json", "table")
def cancel(*, exec_id: str, server: str, format_: str | None) -> Exit:
    """Stop what an execution does, and end it as CANCELED.

    Returns when the server has taken it; what runs is stopped then, which `compozy executions watch` shows.
    """
    return _tell(server, exec_id, "cancel", format_)


@executions.command(epilog=examples(f"compozy executions pause {_ID}"))
@execution_argument
@server_option
@format_option("json", "table")
def pause(*, exec_id: str, server: str, format_: str | None) -> Exit:
    """Have an execution begin no further task; those that run go on to their end."""
    return _tell(server, exec_id, "pause", format_)


@executions.command(epilog=examples(f"compozy executions resume {_ID}"))
@execution_argument
@server_option
@format_option("json", "table")
def resume(*, exec_id: str, server: str, format_: str | None) -> Exit:
    """Have an execution go on that was paused."""
    return _tell(server, exec_id, "resume", format_)


@executions.command(
    epilog=examples(
        f"compozy executions signal {_ID} approved --payload by=Ada",
        f'compozy executions signal {_ID} approved --payload \'{{"by": "Ada", "amount": 3}}\'',
    )
)
@execution_argument
@click.argument("name")
@event_options
@server_option
@format_option("json", "table")
def signal(
    *, exec_id: str, name: str, payload: JsonObject, event_id: str | None, server: str, format_: str | None
) -> Exit:
    """Tell one execution that NAME happened.

    It is kept until the execution waits for that. To tell everybody whom it concerns, use `compozy events send`.
    """
    from compozy.cli.steering import print_answer  # noqa: PLC0415 - heavy: only when the command runs

    body = {"name": name, "payload": payload} | ({} if event_id is None else {"event_id": event_id})
    return print_answer(server, ("executions", exec_id, "signals"), body, format_=chosen_format(format_))


@executions.command(
    epilog=examples(f"compozy executions rerun {_ID}", f"compozy executions rerun {_ID} --from charge-card")
)
@execution_argument
@click.option("--from", "from_", metavar="TASK", help="Take it up at this task; those before are not run again.")
@server_option
@format_option("json", "table")
def rerun(*, exec_id: str, from_: str | None, server: str, format_: str | None) -> Exit:
    """Start an execution with the input of another one, and print its identifier.

    The workflow is run as it is now. With --from, the new execution sees the tasks before that one as they ended in the
    other.
    """
    from compozy.cli.steering import print_answer  # noqa: PLC0415 - heavy: only when the command runs

    body = {} if from_ is None else {"from": from_}
    return print_answer(server, ("executions", exec_id, "rerun"), body, format_=chosen_format(format_))


def _tell(server: str, exec_id: str, what: str, format_: str | None) -> Exit:
    from compozy.cli.steering import print_answer  # noqa: PLC0415 - heavy: only when the command runs

    return print_answer(server, ("executions", exec_id, what), {}, format_=chosen_format(format_))
