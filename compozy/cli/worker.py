"""``compozy worker``."""

from pathlib import Path

import click

from compozy.cli.options import config_option, examples, log_format_option, log_level_option, mode_option


@click.command(
    epilog=examples(
        "compozy worker",
        "compozy worker --config examples/distributed --concurrency 20 --health-port 9090",
        "compozy worker --log-format json 2>worker.log",
    )
)
@config_option
@mode_option
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve /healthz, /readyz and /metrics on this port of this machine; 0 takes a free one.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="Carry out so many tasks at a time; worker.concurrency when not given.",
)
@log_level_option
@log_format_option
def worker(
    *,
    config: Path,
    mode: str | None,
    health_port: int | None,
    concurrency: int | None,
    log_level: str | None,
    log_format: str | None,
) -> int:
    """Carry out a project's executions, without its HTTP API, until Ctrl-C or SIGTERM.

    For projects whose store, cache and Temporal are servers: any number of workers share the work with one another and
    with `compozy serve`. A server that is not there yet is waited for.

    Ctrl-C takes no more work, ends what is nearly done, and leaves the rest to other workers. A second one cancels what
    is left.
    """
    from compozy import app  # noqa: PLC0415 - heavy: only when the command runs
    from compozy.cli.launch import app_options  # noqa: PLC0415 - same

    flags = {"mode": mode, "worker.concurrency": concurrency, "log.level": log_level, "log.format": log_format}
    return app.work(app_options(config, flags), health_port=health_port)
