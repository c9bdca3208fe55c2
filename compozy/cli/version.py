"""``compozy version``."""

import platform

import click

from compozy import __version__
from compozy.cli.exits import Exit
from compozy.cli.options import examples


@click.command(epilog=examples("compozy version"))
def version() -> Exit:
    """Print the version of Compozy and of Python."""
    click.echo(f"compozy {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})")
    return Exit.SUCCESS
