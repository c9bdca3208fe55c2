"""Forgetting executions that ended long ago."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import click
import trio

from compozy.app.databases import Database
from compozy.app.janitor import count_ended, forget_ended
from compozy.cli.exits import Exit
from compozy.cli.migrating import database_named, print_facts
from compozy.cli.signals import until_signal
from compozy.domain.durations import parse_duration
from compozy.domain.errors import InvalidError, NotFoundError, Problem
from compozy.drivers.clock import utc_now


def prune_data(config: Path, older_than: str, *, dry_run: bool, format_: str) -> Exit:
    """Forget, or only count, what ended longer ago than this, and print how many there were.

    Raises:
        InvalidError: It is not a duration, or no moment lies that far back.
        NotFoundError: The project has no database yet.
    """
    age = parse_age(older_than)
    database = database_named(config, None)
    try:
        before = utc_now() - age
    except OverflowError as error:
        message = f"{older_than!r} ago is before the first year"
        raise InvalidError(Problem(key="--older-than", message=message, hint="name a shorter time")) from error
    done: list[int] = []

    async def work() -> None:
        async with _require_there(database).open(auto_migrate=False) as store:
            done.append(await (count_ended if dry_run else forget_ended)(store, before))

    if trio.run(partial(until_signal, work)):
        click.echo("interrupted; what was forgotten so far stays forgotten, in whole batches", err=True)
        return Exit.INTERRUPTED
    facts = {"ended_before": before.isoformat(), "forgotten": 0 if dry_run else done[0], "dry_run": dry_run}
    if dry_run:
        facts["would_forget"] = done[0]
    print_facts(facts, {name.replace("_", " "): str(fact).lower() for name, fact in facts.items()}, format_)
    return Exit.SUCCESS


def parse_age(text: str) -> timedelta:
    """Return the duration that ``--older-than`` names.

    Raises:
        InvalidError: It is not one.
    """
    try:
        return parse_duration(text)
    except InvalidError as error:
        first = error.problems[0]
        raise InvalidError(Problem(key="--older-than", message=first.message, hint=first.hint)) from error


def _require_there(database: Database) -> Database:
    if database.file is not None and not database.file.exists():
        raise NotFoundError(f"there is no file {database.file}: nothing was recorded there yet")
    return database
