"""The schema of a database: shown, and brought up to date."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import trio
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compozy.app.addresses import parse_address
from compozy.app.databases import Database, database_of
from compozy.cli.exits import Exit
from compozy.cli.project import read_database_settings
from compozy.cli.running.results import as_json
from compozy.cli.signals import until_signal
from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.domain.codec import to_json


def database_named(config: Path, address: str | None, *, option: str = "--database") -> Database:
    """Return the database of an address, or the project's without one.

    Args:
        config: The project.
        address: As it was typed; None, or ``project``: the project's.
        option: What it was typed for.

    Raises:
        InvalidError: The address names none, or the project's settings are wrong.
    """
    if address is None or address == "project":
        return database_of(read_database_settings(config))
    return parse_address(address, option=option)


def show_status(config: Path, address: str | None, format_: str) -> Exit:
    """Print how the schema stands; the exit is PENDING when it is not current."""
    status: SchemaStatus = trio.run(database_named(config, address).schema_status)
    pending = ", ".join(status.pending) or "none"
    rows = {
        "driver": status.driver,
        "database": status.place,
        "version": str(status.version),
        "known": str(status.known),
        "pending": pending,
    }
    print_facts(to_json(status), rows, format_)
    return Exit.PENDING if status.pending else Exit.SUCCESS


def bring_up(config: Path, address: str | None, format_: str) -> Exit:
    """Bring the schema up to date and print what was done."""
    database = database_named(config, address)
    done: list[Applied] = []

    async def work() -> None:
        done.append(await database.migrate())

    if trio.run(partial(until_signal, work)):
        click.echo("interrupted; each migration was applied whole or not at all, run it again to go on", err=True)
        return Exit.INTERRUPTED
    [applied] = done
    facts = {
        "database": database.address,
        "from": applied.before,
        "to": applied.version,
        "applied": applied.count,
        "backup": applied.backup,
    }
    print_facts(facts, {name: str(fact) for name, fact in facts.items() if fact is not None}, format_)
    return Exit.SUCCESS


def print_facts(facts: Any, rows: Mapping[str, str], format_: str) -> None:
    """Print facts on stdout, as JSON or, a row for each, as a table."""
    if format_ == "json":
        click.echo(as_json(facts))
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in rows.items():
        table.add_row(Text(name), Text(text))
    Console().print(table)
