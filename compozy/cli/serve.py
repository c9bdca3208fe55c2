"""``compozy serve``."""

from pathlib import Path

import click

from compozy.cli.options import (
    config_option,
    examples,
    host_option,
    log_format_option,
    log_level_option,
    mode_option,
    port_option,
)


@click.command(
    epilog=examples(
        "compozy serve",
        "compozy serve --config examples/hello --port 5002",
        "compozy serve --log-format json 2>server.log",
    )
)
@config_option
@host_option
@port_option
@mode_option
@log_level_option
@log_format_option
@click.option("--no-worker", is_flag=True, help="Serve the API alone, and leave executions to `compozy worker`.")
def serve(
    *,
    config: Path,
    host: str | None,
    port: int | None,
    mode: str | None,
    log_level: str | None,
    log_format: str | None,
    no_worker: bool,
) -> int:
    """Serve a project over HTTP until Ctrl-C or SIGTERM.

    Starts everything the project's mode asks for, and stops it in reverse order: requests in flight are answered,
    and executions that are still running go on when it is started again. A second Ctrl-C cancels what is left.
    """
    from compozy import app  # noqa: PLC0415 - heavy: only when the command runs
    from compozy.cli.launch import app_options  # noqa: PLC0415 - same

    flags = {
        "server.host": host,
        "server.port": port,
        "mode": mode,
        "log.level": log_level,
        "log.format": log_format,
    }
    return app.serve(app_options(config, flags), works=not no_worker)
