"""``compozy migrate status`` and ``compozy migrate up``."""

from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import Decorator, chosen_format, config_option, examples, format_option

_database_option: Decorator = click.option(
    "--database",
    metavar="ADDRESS",
    help="Another database than the project's: sqlite:PATH or postgres://USER@HOST:PORT/NAME.",
)


@click.group(epilog=examples("compozy migrate status", "compozy migrate up"))
def migrate() -> None:
    """Look at the schema of the database, or bring it up to date.

    A server does the latter by itself when it starts, unless database.auto_migrate is false.
    """


@migrate.command(epilog=examples("compozy migrate status", "compozy migrate status -o json | jq .pending"))
@config_option
@_database_option
@format_option("json", "table")
def status(*, config: Path, database: str | None, format_: str | None) -> Exit:
    """Show which version the schema has, which one this program knows, and which migrations are pending.

    Changes nothing. The exit code is 0 when nothing is pending, and 4 when something is.
    """
    from compozy.cli.migrating import show_status  # noqa: PLC0415 - heavy: only when the command runs

    return show_status(config, database, chosen_format(format_))


@migrate.command(epilog=examples("compozy migrate up", "compozy migrate up --database sqlite:backup/compozy.db"))
@config_option
@_database_option
@format_option("json", "table")
def up(*, config: Path, database: str | None, format_: str | None) -> Exit:
    """Apply what is pending, one transaction for each migration; an SQLite file in use is copied beforehand.

    May run while servers use the database, for each migration takes the database's own lock, and a server that runs has
    the schema that it needs. There is no way back but the copy.
    """
    from compozy.cli.migrating import bring_up  # noqa: PLC0415 - heavy: only when the command runs

    return bring_up(config, database, chosen_format(format_))
