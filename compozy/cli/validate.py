"""``compozy validate``."""

from pathlib import Path
from typing import Any

import click

from compozy.cli.exits import Exit
from compozy.cli.options import (
    chosen_format,
    config_option,
    examples,
    format_option,
    settings_given,
    settings_options,
)


@click.command(epilog=examples("compozy validate", "compozy validate -o json | jq '.problems[] | .message'"))
@config_option
@settings_options
@format_option("json", "table")
def validate(*, config: Path, format_: str | None, **flags: Any) -> Exit:
    """Check the project: its files, workflows, tasks, templates and expressions, and all settings.

    Tells all problems at once, each with its file and line; the exit code is then 2. As JSON, they are on stdout. When
    nothing is wrong, prints what the project has, when its schedules are due, and warnings: what loads, and will not
    do what one may expect. Starts nothing.

    The flags are those of compozy serve: what it would run with.
    """
    from compozy.cli.validating import print_validation  # noqa: PLC0415 - heavy: only when the command runs

    return print_validation(config, settings_given(flags), format_=chosen_format(format_))
