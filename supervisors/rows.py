"""Shows actors in rows, for people: who is in which state, since when, and why."""

from collections.abc import Iterable

from supervisors.status import ActorStatus, TreeStatus
from supervisors.tables import seconds, table


def render_rows(rows: Iterable[ActorStatus], *, now: float) -> str:
    """Return a table with a line per actor.

    Args:
        rows: The actors.
        now: The time from which it is reckoned for how long they are in their state, on the clock of the rows.
    """
    header = ("actor", "state", "for", "generation", "why")
    lines = [
        (row.name, row.state.value, seconds(max(now - row.since, 0.0)), str(row.generation), str(row.reason))
        for row in rows
    ]
    return table(header, lines, right={"for", "generation"})


def render_status(status: TreeStatus) -> str:
    """Return the status of a tree: in one line how it is, then a line per actor."""
    how = f"stopping ({status.stopping})" if status.stopping is not None else "ready" if status.ready else "not ready"
    return f"{status.tree}: {how}\n{render_rows(status, now=status.at)}"
