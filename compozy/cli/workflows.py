"""``compozy workflows``: ``list``, ``show`` and ``run``."""

from copy import copy
from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import chosen_format, config_option, examples, format_option
from compozy.cli.run import run


@click.group(epilog=examples("compozy workflows list", "compozy workflows show greet"))
def workflows() -> None:
    """Look at the workflows of a project, or run one."""


@workflows.command("list", epilog=examples("compozy workflows list", "compozy workflows list -o json | jq '.[].id'"))
@config_option
@format_option("json", "table")
def list_(*, config: Path, format_: str | None) -> Exit:
    """List the workflows of the project: what they are for, how large they are, and what starts them."""
    from compozy.cli.outlining import print_workflows  # noqa: PLC0415 - heavy: only when the command runs

    print_workflows(config, format_=chosen_format(format_))
    return Exit.SUCCESS


@workflows.command(epilog=examples("compozy workflows show greet", "compozy workflows show greet -o json | jq .tasks"))
@click.argument("workflow")
@config_option
@format_option("json", "table")
def show(*, workflow: str, config: Path, format_: str | None) -> Exit:
    """Show one workflow: as a table its tasks and what leads where, as JSON the whole of it, compiled.

    Durations are seconds there, and what is as it is by default is left out.
    """
    from compozy.cli.outlining import print_workflow  # noqa: PLC0415 - heavy: only when the command runs

    print_workflow(config, workflow, format_=chosen_format(format_))
    return Exit.SUCCESS


_run = copy(run)
_run.epilog = examples("compozy workflows run greet --input name=Ada")
workflows.add_command(_run)
