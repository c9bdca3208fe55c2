"""The output of an execution on stdout."""

import json
import sys

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.domain.json import Json


def print_output(output: Json, format_: str) -> None:
    """Print the output.

    Args:
        output: What the execution gave.
        format_: ``json``, or ``table``: a row for each key of an object.
    """
    if format_ == "json":
        click.echo(as_json(output))
    else:
        Console().print(as_table(output))


def as_json(value: Json) -> str:
    """Return JSON for people and programs: indented; letters as they are where stdout can carry them, else escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # a lone surrogate, or a terminal that is not UTF-8
        return json.dumps(value, indent=2)
    return text


def as_table(output: Json) -> Table:
    """Return a table with a row for each key; a value that is no object is one row."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = output.items() if isinstance(output, dict) else [("output", output)]
    for key, value in rows:
        # Text, not markup: a value such as "[red]" is data.
        table.add_row(Text(str(key)), Text(value if isinstance(value, str) else as_json(value)))
    return table
