"""``compozy config``: ``show``, ``explain``, ``validate`` and ``schema``."""

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


@click.group(epilog=examples("compozy config show", "compozy config explain server.port", "compozy config validate"))
def config() -> None:
    """Look at the configuration, or check it."""


@config.command(epilog=examples("compozy config show", "SERVER_PORT=5002 compozy config show -o yaml"))
@config_option
@settings_options
@format_option("json", "yaml", "table")
def show(*, config: Path, format_: str | None, **flags: Any) -> Exit:
    """Print every setting with its value and where it came from.

    A value comes from the default, else compozy.yaml, else the environment, else a flag; the last one wins. Secrets
    are hidden. As YAML, the settings can be pasted into compozy.yaml.

    The flags are those of compozy serve: what it would run with.
    """
    from compozy.cli.settings import print_settings  # noqa: PLC0415 - heavy: only when the command runs

    print_settings(config, settings_given(flags), format_=chosen_format(format_))
    return Exit.SUCCESS


@config.command(
    epilog=examples(
        "compozy config explain server.port",
        "compozy config explain redis",
        "compozy config explain mode --mode standalone",
    )
)
@click.argument("key")
@config_option
@settings_options
@format_option("json", "yaml", "table")
def explain(*, key: str, config: Path, format_: str | None, **flags: Any) -> Exit:
    """Tell why the setting KEY has its value.

    Prints what the setting is, what kind of value it takes, and what each source says of it, those too that others
    overrule: its default, compozy.yaml, the environment, a flag. The name of a section explains all that is in it.

    The flags are those of compozy serve: what it would run with.
    """
    from compozy.cli.explaining import print_explanations  # noqa: PLC0415 - heavy: only when the command runs

    print_explanations(config, key, settings_given(flags), format_=chosen_format(format_))
    return Exit.SUCCESS


@config.command(epilog=examples("compozy config validate", "compozy config validate --config examples/hello"))
@config_option
@settings_options
@format_option("json", "text", default="text")
def validate(*, config: Path, format_: str, **flags: Any) -> Exit:
    """Check the project: its files, workflows, tasks and templates, and all settings.

    Prints all problems at once, one a line as file:line: key: what is wrong; the exit code is then 2. What is wrong
    with the environment or a flag is told with its name. As JSON, it is what compozy validate prints. Starts nothing.

    The flags are those of compozy serve: what it would run with.
    """
    from compozy.cli.validating import print_validation  # noqa: PLC0415 - heavy: only when the command runs

    return print_validation(config, settings_given(flags), format_=format_)


@config.command(
    epilog=examples(
        "compozy config schema",
        "compozy config schema workflow > workflow.schema.json",
        "compozy config schema --write schema",
    )
)
@click.argument("which", type=click.Choice(["project", "workflow"]), default="project")
@click.option(
    "--write",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the schemas of both files into this folder instead.",
)
def schema(*, which: str, folder: Path | None) -> Exit:
    """Print the JSON Schema of compozy.yaml, or of a workflow file, for editors.

    compozy init writes both into the folder schema of a project, and the first line of its files names them.
    """
    from compozy.cli.schemas import schema_text, write_schemas  # noqa: PLC0415 - heavy: only when the command runs

    if folder is None:
        click.echo(schema_text(which), nl=False)
        return Exit.SUCCESS
    for written in write_schemas(folder):
        click.echo(f"wrote {written}")
    return Exit.SUCCESS
