"""``compozy data copy`` and ``compozy data prune``."""

from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import chosen_format, config_option, examples, format_option

_ADDRESS = "sqlite:PATH, postgres://USER@HOST:PORT/NAME, or project for the one of --config."


@click.group(epilog=examples("compozy data copy --from sqlite:.compozy/compozy.db --to project"))
def data() -> None:
    """Move what is recorded to another database, or forget what is old."""


@data.command(
    epilog=examples(
        "compozy data copy --from sqlite:.compozy/compozy.db --to postgres://compozy@db/compozy --dry-run",
        "compozy data copy --from sqlite:.compozy/compozy.db --to postgres://compozy@db/compozy --verify",
        "compozy data copy --from project --to sqlite:backup.db",
    )
)
@click.option("--from", "source", required=True, metavar="ADDRESS", help=f"What to copy: {_ADDRESS}")
@click.option("--to", "target", required=True, metavar="ADDRESS", help=f"Where to: {_ADDRESS}")
@click.option("--dry-run", is_flag=True, help="Say what would be copied and what stands in the way; write nothing.")
@click.option("--verify", is_flag=True, help="Read both databases again at the end and compare counts and hashes.")
@config_option
@format_option("json", "table")
def copy(*, source: str, target: str, dry_run: bool, verify: bool, config: Path, format_: str | None) -> Exit:
    """Copy all executions, tasks, users, keys and large values into another database.

    The target may hold a part of the source, as a copy that was ended early leaves it: run the same command again to go
    on. Anything else in it is named, and nothing is written. The servers on both databases must be stopped.

    A password need not be in an address: PGPASSWORD and ~/.pgpass are looked at too. With --dry-run, --verify compares
    the databases as they are. The exit code is 1 when --verify finds a difference.
    """
    from compozy.cli.moving import copy_data  # noqa: PLC0415 - heavy: only when the command runs

    return copy_data(config, source, target, dry_run=dry_run, verify=verify, format_=chosen_format(format_))


@data.command(epilog=examples("compozy data prune --older-than 30d --dry-run", "compozy data prune --older-than 30d"))
@click.option(
    "--older-than", required=True, metavar="DURATION", help="How long ago they ended at least, such as 30d or 12h."
)
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@config_option
@format_option("json", "table")
def prune(*, older_than: str, dry_run: bool, config: Path, format_: str | None) -> Exit:
    """Forget executions that ended long ago, with their tasks. There is no way back.

    May run beside a server. The setting database.retention lets a server do it by itself.
    """
    from compozy.cli.pruning import prune_data  # noqa: PLC0415 - heavy: only when the command runs

    return prune_data(config, older_than, dry_run=dry_run, format_=chosen_format(format_))
