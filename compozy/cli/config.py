"""``compozy config show`` and ``compozy config validate``."""

from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import chosen_format, config_option, examples, format_option


@click.group(epilog=examples("compozy config show", "compozy config validate"))
def config() -> None:
    """Look at the configuration, or check it."""


@config.command(epilog=examples("compozy config show", "SERVER_PORT=5002 compozy config show -o yaml"))
@config_option
@format_option("json", "yaml", "table")
def show(*, config: Path, format_: str | None) -> Exit:
    """Print every setting with its value and where it came from.

    A value comes from the default, else compozy.yaml, else the environment, else a flag; the last one wins. Secrets
    are hidden. As YAML, the settings can be pasted into compozy.yaml.
    """
    from compozy.cli.settings import print_settings  # noqa: PLC0415 - heavy: only when the command runs

    print_settings(config, chosen_format(format_))
    return Exit.SUCCESS


@config.command(epilog=examples("compozy config validate", "compozy config validate --config examples/hello"))
@config_option
def validate(*, config: Path) -> Exit:
    """Check the project: its files, workflows, tasks and templates.

    Prints all problems at once, one a line as file:line: key: what is wrong; the exit code is then 2. Starts nothing.
    """
    from compozy.cli.project import count_tasks, counted, read  # noqa: PLC0415 - heavy: only when the command runs

    project = read(config).project
    click.echo(f"ok: {counted(len(project.workflows), 'workflow')}, {counted(count_tasks(project), 'task')}")
    return Exit.SUCCESS
