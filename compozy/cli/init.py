"""``compozy init``."""

from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import examples


@click.command(epilog=examples("compozy init hello", "compozy init . --name billing"))
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", metavar="NAME", help="Name of the project.  [default: name of the folder]")
def init(*, path: Path, name: str | None) -> Exit:
    """Write a project to PATH that runs at once.

    Makes the folder when it is missing. Never writes over a file: when one of the project's files exists already,
    nothing is written at all.
    """
    from compozy.cli.scaffolding import next_steps, write_project  # noqa: PLC0415 - heavy: only when the command runs

    for written in write_project(path, name=name):
        click.echo(f"wrote {written}")
    click.echo("\nnext:")
    for line in next_steps(path):
        click.echo(f"  {line}")
    return Exit.SUCCESS
