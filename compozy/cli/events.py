"""``compozy events``."""

import click

from compozy.cli.exits import Exit
from compozy.cli.options import chosen_format, examples, format_option, server_option
from compozy.cli.payloads import event_options
from compozy.domain.json import JsonObject


@click.group(epilog=examples("compozy events send order.paid --payload order=17"))
def events() -> None:
    """Tell a running server what happened."""


@events.command(
    epilog=examples(
        "compozy events send order.paid --payload order=17 --payload customer.name=Ada",
        "compozy events send order.paid --payload-file event.json --event-id 7f3a",
    )
)
@click.argument("name")
@event_options
@server_option
@format_option("json", "table")
def send(*, name: str, payload: JsonObject, event_id: str | None, server: str, format_: str | None) -> Exit:
    """Tell the event NAME to every execution that waits for it, and start the workflows that it triggers.

    Prints how many executions were told, which were started, and which workflows refused its payload.
    """
    from compozy.cli.steering import print_answer  # noqa: PLC0415 - heavy: only when the command runs

    body = {"name": name, "payload": payload} | ({} if event_id is None else {"event_id": event_id})
    return print_answer(server, ("events",), body, format_=chosen_format(format_))
