"""``compozy version``."""

import json
import platform

import click

from compozy.cli.exits import Exit
from compozy.cli.options import examples, format_option


@click.command(epilog=examples("compozy version", "compozy version -o json | jq -r .compozy"))
@format_option("json", "text", default="text")
def version(*, format_: str) -> Exit:
    """Print the version of Compozy and of Python."""
    from compozy import __version__  # noqa: PLC0415 - looking it up takes longer than the rest of --help

    python, system, machine = platform.python_version(), platform.system(), platform.machine()
    if format_ == "json":
        found = {"compozy": __version__, "python": python, "system": system, "machine": machine}
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"compozy {__version__} (Python {python}, {system} {machine})")
    return Exit.SUCCESS
