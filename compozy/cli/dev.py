"""``compozy dev``."""

from pathlib import Path

import click

from compozy.cli.options import config_option, examples, host_option, log_level_option, mode_option, port_option


@click.command(epilog=examples("compozy dev", "compozy dev --config examples/hello --port 5002"))
@config_option
@host_option
@port_option
@mode_option
@log_level_option
def dev(*, config: Path, host: str | None, port: int | None, mode: str | None, log_level: str | None) -> int:
    """Serve a project and restart it at each change of its files.

    A change is checked first: while the project has problems they are printed, and the running server is left alone.
    Executions that are running go on after the restart, with the definition they were started with.

    The mode is standalone when neither compozy.yaml, COMPOZY_MODE nor --mode says otherwise.
    """
    from compozy.cli.developing.session import develop  # noqa: PLC0415 - heavy: only when the command runs

    return develop(config, {"--host": host, "--port": port, "--mode": mode, "--log-level": log_level})
