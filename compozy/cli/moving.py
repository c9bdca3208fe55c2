"""One ``compozy data copy``: show how far it is, say what became of it; Ctrl-C ends it in order."""

from functools import partial
from pathlib import Path

import click
import trio
from rich.console import Console
from rich.table import Table

from compozy.app.databases import Database
from compozy.app.transfer import Outcome, Wishes, transfer
from compozy.cli.complaints import complain
from compozy.cli.exits import Exit
from compozy.cli.migrating import database_named
from compozy.cli.progress import open_progress
from compozy.cli.running.results import as_json
from compozy.cli.signals import until_signal
from compozy.domain.codec import to_json


def copy_data(config: Path, source: str, target: str, *, dry_run: bool, verify: bool, format_: str) -> Exit:
    """Copy, print what became of it on stdout, and return the exit code.

    Args:
        config: The project that the address ``project`` means.
        source: The address of what is copied.
        target: The address of where to.
        dry_run: Write nothing.
        verify: Compare both at the end.
        format_: ``json`` or ``table``.

    Raises:
        CompozyError: As ``compozy.app.transfer.transfer``.
    """
    databases = database_named(config, source, option="--from"), database_named(config, target, option="--to")
    wishes = Wishes(dry_run=dry_run, verify=verify)
    outcomes: list[Outcome] = []

    async def work() -> None:
        with open_progress() as report:
            outcomes.append(await transfer(*databases, wishes, report=report))

    if trio.run(partial(until_signal, work)):
        stays = "nothing was written" if dry_run else "what was copied stays: run the same command again to go on"
        click.echo(f"interrupted; {stays}", err=True)
        return Exit.INTERRUPTED
    return conclude(databases, outcomes[0], format_)


def conclude(databases: tuple[Database, Database], outcome: Outcome, format_: str) -> Exit:
    """Print what became of it, with a warning about executions that have not ended; return the exit code."""
    source, target = databases
    if format_ == "json":
        click.echo(as_json({"from": source.address, "to": target.address, **to_json(outcome)}))
    else:
        Console().print(as_table(outcome))
    if outcome.unfinished:
        _warn_unfinished(outcome.unfinished)
    if outcome.verified is False:
        complain(f"{target.address} does not hold what {source.address} holds")
        for line in outcome.differences:
            complain(f"{target.address}: {line}")
        return Exit.FAILED
    return Exit.SUCCESS


def as_table(outcome: Outcome) -> Table:
    """Return a table with a row for each kind."""
    copied = "to copy" if outcome.dry_run else "copied"
    columns = ["", "in the source", "there before", copied, "sha256"]
    table = Table(*columns, box=None, pad_edge=False)
    for kind, found in outcome.kinds.items():
        same = "" if found.target_sha256 is None else ("  same" if found.target_sha256 == found.sha256 else "  differs")
        table.add_row(
            kind.value, str(found.source), str(found.present), str(found.copied), f"{found.sha256[:12]}…{same}"
        )
    return table


def _warn_unfinished(count: int) -> None:
    noun = "execution has" if count == 1 else "executions have"
    what = "it is copied as it stands" if count == 1 else "they are copied as they stand"
    label = click.style("warning:", fg="yellow", bold=True)
    click.echo(f"{label} {count} {noun} not ended; {what}, and what runs them (Temporal) is not moved", err=True)
