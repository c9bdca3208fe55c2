"""``compozy status``."""

import click

from compozy.cli.options import DEFAULT_SERVER, chosen_format, examples, format_option, server_url


@click.command(epilog=examples("compozy status", "compozy status --server http://127.0.0.1:5002 -o json | jq .ready"))
@click.option(
    "--server", metavar="URL", default=DEFAULT_SERVER, show_default=True, callback=server_url, help="Its address."
)
@format_option("json", "table")
def status(*, server: str, format_: str | None) -> int:
    """Show how the parts of a running server are and how they started, and the workers of its project.

    A worker is live, late (not heard of for 90 seconds) or stale (for 120 seconds: it has died, or cannot reach the
    cache). One that stopped in order is not shown. A server of an older version shows its parts alone.

    The exit code is 0 when all parts are ready, and 3 when one is not or the server cannot be reached. Workers do not
    change it.
    """
    from compozy.cli.readiness import print_standing, read_standing  # noqa: PLC0415 - heavy: only when it runs

    return print_standing(read_standing(server), chosen_format(format_))
