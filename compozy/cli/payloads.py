"""What an event carries, as arguments: ``name=value``, a JSON object, or a file that holds one."""

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from compozy.cli.assignments import merge, parse_assignments
from compozy.cli.options import Decorator
from compozy.domain.json import JsonObject


def event_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what an event carries, as ``payload``, and which event it is, as ``event_id``."""

    @wraps(command)
    def wrapped(*args: Any, assigned: JsonObject, from_file: JsonObject, **rest: Any) -> Any:
        return command(*args, payload=merge(from_file, assigned), **rest)

    return _PAYLOAD(_PAYLOAD_FILE(_EVENT_ID(wrapped)))


def parse_payload(arguments: Iterable[str]) -> JsonObject:
    """Return the payload that these arguments make; later ones are laid over those before.

    >>> parse_payload(['{"order": 17}', "customer.name=Ada"])
    {'order': 17, 'customer': {'name': 'Ada'}}

    Raises:
        ValueError: One of them is neither an assignment nor a JSON object; says which.
    """
    payload: JsonObject = {}
    for argument in arguments:
        given = _object_of(argument) if argument.lstrip().startswith("{") else parse_assignments([argument])
        payload = merge(payload, given)
    return payload


def payload_given(_ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> JsonObject:
    """Return the payload of an option that may be given several times.

    Raises:
        click.BadParameter: It cannot be read.
    """
    try:
        return parse_payload(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from error


def payload_read(_ctx: click.Context, param: click.Parameter, value: Path | None) -> JsonObject:
    """Return the payload that a file holds, ``-`` being stdin; an empty one when none is given.

    Raises:
        click.BadParameter: It cannot be read, or holds no JSON object.
    """
    if value is None:
        return {}
    try:
        raw = sys.stdin.buffer.read() if str(value) == "-" else value.read_bytes()
        return _object_of(raw.decode())
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{value} cannot be read: {error}", param=param) from error


_PAYLOAD: Final[Decorator] = click.option(
    "-p",
    "--payload",
    "assigned",
    multiple=True,
    metavar="NAME=VALUE",
    callback=payload_given,
    help="One value of what it carries, over --payload-file; or a JSON object. A dot in the name nests.",
)
_PAYLOAD_FILE: Final[Decorator] = click.option(
    "--payload-file",
    "from_file",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    metavar="FILE",
    callback=payload_read,
    help="A JSON object; - reads it from stdin.",
)
_EVENT_ID: Final[Decorator] = click.option(
    "--event-id", metavar="ID", help="Which event it is: told again under the same id, it has its effect once."
)


def _object_of(text: str) -> JsonObject:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{text[:60]!r} is JSON, but no object")  # noqa: TRY004 - what the callers expect
    return value
