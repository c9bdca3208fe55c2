"""``compozy version``."""

import platform

import click

from compozy.cli.exits import Exit
from compozy.cli.options import examples


@click.command(epilog=examples("compozy version"))
def version() -> Exit:
    """Print the version of Compozy and of Python."""
    from compozy import __version__  # noqa: PLC0415 - looking it up takes longer than the rest of --help

    click.echo(f"compozy {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})")
    return Exit.SUCCESS
