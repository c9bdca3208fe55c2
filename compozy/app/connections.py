"""The connection to Temporal that a process has at this moment."""

from typing import Any, Final

from compozy.domain.errors import UnavailableError
from supervisors import State, Unavailable, View

_TEMPORAL: Final = "temporal"


def current_connection(tree: View, trouble: str) -> Any:
    """Return the connection that the tree has at this moment.

    Args:
        tree: The actors of this process.
        trouble: What cannot be done without it, for the error.

    Raises:
        UnavailableError: There is none now, or its server does not answer.
    """
    try:
        temporal = tree[_TEMPORAL]
    except KeyError:
        raise UnavailableError(f"{trouble} now: this process has no connection to temporal") from None
    row = temporal.status()
    if row.state is State.DEGRADED:
        reason = row.reason.detail.removeprefix("UnavailableError: ")
        who = "" if _TEMPORAL in reason else f"{_TEMPORAL}: "  # a check that was not answered says only that
        raise UnavailableError(f"{trouble} now: {who}{reason}")
    try:
        return temporal.get()
    except Unavailable as error:
        raise UnavailableError(f"{trouble} now: {error}") from error
