"""Every setting with its value and where it came from."""

import os
from collections.abc import Iterable
from pathlib import Path

import click
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.cli.project import Flags, given
from compozy.cli.running.results import as_json
from compozy.config.origins import Origin
from compozy.config.reading import read_settings
from compozy.domain.json import Json


def print_settings(config: Path, flags: Flags, *, format_: str) -> None:
    """Print the settings of the project on stdout.

    Args:
        config: The project.
        flags: The flags to reckon with.
        format_: ``json``, ``yaml`` or ``table``.

    Raises:
        InvalidError: They are wrong. Whether the workflows are does not matter here.
    """
    origins = read_settings(config, environ=os.environ, flags=given(flags)).origins
    if format_ == "json":
        found = {origin.key: {"value": plain(origin), "source": origin.source} for origin in origins}
        click.echo(as_json(found))
    elif format_ == "yaml":
        click.echo(as_yaml(origins))
    else:
        Console().print(as_table(origins))


def plain(origin: Origin) -> Json:
    """Return the value as JSON carries it; a secret's is hidden, a duration or a size is text."""
    if origin.is_hidden or origin.has_unit or not isinstance(origin.value, bool | int | float):
        return None if origin.value is None else origin.shown
    return origin.value


def as_table(origins: Iterable[Origin]) -> Table:
    """Return a table with a row for each setting."""
    table = Table(box=None, pad_edge=False)
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("source", overflow="fold")
    for origin in origins:
        table.add_row(Text(origin.key), Text(origin.shown), Text(origin.source, "dim"))
    return table


def as_yaml(origins: Iterable[Origin]) -> str:
    """Return the settings as they are nested in ``compozy.yaml``, each line with its source as a comment.

    A secret is a comment as a whole: what is shown in its place must not become its value when somebody pastes it.
    """
    lines: list[str] = []
    open_sections: list[str] = []
    for origin in origins:
        *sections, name = origin.key.split(".")
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != sections[: depth + 1]:
                lines.append(f"{'  ' * depth}{section}:")
        open_sections = sections
        value = yaml.safe_dump(plain(origin), default_flow_style=True, width=10_000).splitlines()[0]
        hidden = "# " if origin.is_hidden else ""
        lines.append(f"{'  ' * len(sections)}{hidden}{name}: {value}  # {origin.source}")
    return "\n".join(lines)
