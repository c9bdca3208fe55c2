"""Ids of executions and workflows as arguments: one that cannot be one is refused before a server is asked for it.

It would be part of the path of what is asked, and the server would complain of a path that nobody has written.
"""

import re
from typing import Final

import click

from compozy.cli.options import Decorator

_POSSIBLE: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


def checked_id(value: str, noun: str, *, param: click.Parameter | None = None) -> str:
    """Return the id.

    Args:
        value: The id.
        noun: Of what it is, with its article.
        param: What gave it.

    Raises:
        click.BadParameter: None has such an id, whatever there is.
    """
    if not _POSSIBLE.fullmatch(value):
        message = f"{value!r} is not the id of {noun}; an id is made of letters, digits, '_' and '-', at most 100"
        raise click.BadParameter(message, param=param)
    return value


def execution_id(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the id of an execution, as an option or argument gives it; None when it was not given."""
    return None if value is None else checked_id(value, "an execution", param=param)


def workflow_id(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the id of a workflow, as an option or argument gives it; None when it was not given."""
    return None if value is None else checked_id(value, "a workflow", param=param)


execution_argument: Final[Decorator] = click.argument("exec_id", callback=execution_id)
"""``EXEC_ID``: which execution of a server."""

workflow_argument: Final[Decorator] = click.argument("workflow", callback=workflow_id)
"""``WORKFLOW``: which workflow of a server's project."""
