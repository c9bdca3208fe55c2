"""``compozy doctor``."""

from pathlib import Path

import click

from compozy.cli.options import chosen_format, config_option, examples, format_option


@click.command(epilog=examples("compozy doctor", "compozy doctor --config examples/hello -o json"))
@config_option
@format_option("json", "table")
def doctor(*, config: Path, format_: str | None) -> int:
    """Examine this machine and the project.

    Says what is wrong and how to cure it. Starts nothing and changes nothing. The exit code is 1 when anything has
    failed; a warning is no failure.
    """
    from compozy.cli.doctoring.examination import examine  # noqa: PLC0415 - heavy: only when the command runs
    from compozy.cli.doctoring.findings import exit_for, print_findings  # noqa: PLC0415 - same

    findings = list(examine(config))
    print_findings(findings, chosen_format(format_))
    return exit_for(findings)
