"""``compozy run``."""

import json
import sys
from pathlib import Path

import click

from compozy.cli.assignments import merge, parse_assignments
from compozy.cli.identifiers import checked_id
from compozy.cli.options import (
    chosen_format,
    config_option,
    examples,
    format_option,
    log_level_option,
    mode_option,
    server_url,
)
from compozy.domain.json import JsonObject


def _assigned(_ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> JsonObject:
    try:
        return parse_assignments(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


def _read(_ctx: click.Context, param: click.Parameter, value: Path | None) -> JsonObject:
    """Return the object that a JSON file holds, or an empty one when no file is given."""
    if value is None:
        return {}
    try:
        raw = sys.stdin.buffer.read() if str(value) == "-" else value.read_bytes()
        content = json.loads(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise click.BadParameter(f"{value} cannot be read as JSON: {error}", param=param) from error
    if not isinstance(content, dict):
        raise click.BadParameter(f"{value} holds a {type(content).__name__}; an input is an object", param=param)
    return content


def _key(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return an idempotency key that every server takes."""
    if value is None:
        return None
    from compozy.engine.idempotency import KEY_RULE, is_key  # noqa: PLC0415 - heavy: only when there is one

    if not is_key(value) or value.startswith('"'):
        raise click.BadParameter(f"a key is {KEY_RULE} without quotes, got {value!r}", param=param)
    return value


@click.command(
    epilog=examples(
        "compozy run greet --input name=Ada",
        'compozy run greet --input user.name=Ada --input \'tags=["a", "b"]\'',
        "compozy run greet --input-file input.json -o json | jq .greeting",
        "compozy run greet --server http://127.0.0.1:5001",
    )
)
@click.argument("workflow")
@click.option(
    "-i",
    "--input",
    "assigned",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_assigned,
    help="One value of the input, over --input-file; JSON where it is valid JSON, else text. A dot in the name nests.",
)
@click.option(
    "--input-file",
    "from_file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    callback=_read,
    help="A JSON object; - reads it from stdin.",
)
@format_option("json", "table")
@click.option(
    "--server",
    metavar="URL",
    callback=server_url,
    help="Run it in the server at this address rather than in a runtime of its own.",
)
@click.option(
    "--idempotency-key",
    metavar="KEY",
    callback=_key,
    help="With --server: run it again under the same key, and what was started before is followed to its end.",
)
@click.option("--timeout", metavar="DURATION", help="How long to wait for the end, such as 30s or 5m.")
@click.option("--temporary", is_flag=True, help="Keep the runtime's state in a folder of its own, gone afterwards.")
@config_option
@mode_option
@log_level_option
def run(
    *,
    workflow: str,
    assigned: JsonObject,
    from_file: JsonObject,
    format_: str | None,
    server: str | None,
    idempotency_key: str | None,
    timeout: str | None,
    temporary: bool,
    config: Path,
    mode: str | None,
    log_level: str | None,
) -> int:
    """Run one execution of WORKFLOW and print its output.

    Boots the project's runtime for as long as it takes, or uses a running server. Progress goes to stderr, the output
    to stdout. The exit code is 0 only when the execution ended SUCCESS.

    Executions are durable: one that is left by Ctrl-C or by --timeout goes on when the runtime is started again.
    """
    if server is not None and temporary:
        raise click.UsageError("--temporary is for a runtime of its own; leave it out with --server")
    if server is None and idempotency_key is not None:
        raise click.UsageError("--idempotency-key is for a server that remembers it; name one with --server")
    if server is not None:
        checked_id(workflow, "a workflow")
    from compozy.cli.running.session import Request, parse_patience  # noqa: PLC0415 - heavy: only when it runs

    request = Request(workflow_id=workflow, input=merge(from_file, assigned), patience=parse_patience(timeout))
    format_ = chosen_format(format_)
    if server is not None:
        from compozy.cli.running.remote import run_in_server  # noqa: PLC0415 - same

        return run_in_server(request, server, format_=format_, idempotency_key=idempotency_key)
    from compozy.cli.running.embedded import run_embedded  # noqa: PLC0415 - same, and needs no HTTP client

    flags = {"mode": mode, "log.level": log_level or "warning"}
    return run_embedded(request, config, flags, temporary=temporary, format_=format_)
