"""``compozy graph``."""

from pathlib import Path

import click

from compozy.cli.exits import Exit
from compozy.cli.options import config_option, examples


@click.command(
    epilog=examples(
        "compozy graph order",
        "compozy graph order -o dot | dot -Tsvg > order.svg",
        "compozy graph order -o json | jq .arrows",
    )
)
@click.argument("workflow")
@config_option
@click.option(
    "-o",
    "--output",
    "format_",
    type=click.Choice(["mermaid", "dot", "json"]),
    default="mermaid",
    show_default=True,
    help="Language of the picture.",
)
def graph(*, workflow: str, config: Path, format_: str) -> Exit:
    """Print WORKFLOW as a graph: its tasks, what is in them, and what leads where.

    Containers are boxes around their tasks; the arrows of routes, errors and timeouts are labelled. Starts nothing.
    """
    from compozy.cli.graphing.dot import as_dot  # noqa: PLC0415 - heavy: only when the command runs
    from compozy.cli.graphing.mermaid import as_mermaid  # noqa: PLC0415 - same
    from compozy.cli.graphing.model import graph_of  # noqa: PLC0415 - same
    from compozy.cli.project import get_workflow, load  # noqa: PLC0415 - same
    from compozy.cli.running.results import as_json  # noqa: PLC0415 - same

    found = graph_of(get_workflow(load(config), workflow))
    if format_ == "json":
        click.echo(as_json(found.as_json()))
    else:
        click.echo(as_dot(found) if format_ == "dot" else as_mermaid(found), nl=False)
    return Exit.SUCCESS
