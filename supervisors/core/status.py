"""A frozen picture of a running tree, for readiness pages and people."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import attrs

from supervisors.core.events import Reason
from supervisors.core.states import State
from supervisors.core.world import Cell, World
from supervisors.inspection.tables import seconds, table


class ActorStatus(NamedTuple):
    """One row of the picture.

    Attributes:
        name: The actor.
        state: Where it is.
        ready: Whether its value may be used.
        since: When it got into this state, on Trio's clock.
        generation: How many times it was started.
        restarts: Starts after the first.
        reason: Why it is in this state.
    """

    name: str
    state: State
    ready: bool
    since: float
    generation: int
    restarts: int
    reason: Reason

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON has."""
        return {
            "name": self.name,
            "state": self.state.value,
            "ready": self.ready,
            "since": self.since,
            "generation": self.generation,
            "restarts": self.restarts,
            "cause": self.reason.cause.value,
            "detail": self.reason.detail,
        }


@attrs.frozen(kw_only=True)
class TreeStatus:
    """All actors at one instant; iterates over the rows, and finds one by name.

    Attributes:
        tree: Name of the tree.
        at: When, on Trio's clock.
        ready: Whether all actors are ready (main actors aside).
        stopping: Why the tree is going down, or None.
        actors: One row per actor, in declaration order.
    """

    tree: str
    at: float
    ready: bool
    stopping: str | None
    actors: tuple[ActorStatus, ...]

    def __iter__(self) -> Iterator[ActorStatus]:
        return iter(self.actors)

    def __getitem__(self, name: str) -> ActorStatus:
        """Return the row of this actor.

        Raises:
            KeyError: There is none.
        """
        for row in self.actors:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        how = "ready" if self.ready else "not ready" if self.stopping is None else f"stopping ({self.stopping})"
        return f"{self.tree}: {how}\n{render_rows(self, now=self.at)}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that JSON has; `status_from_dict` is the way back."""
        return {
            "tree": self.tree,
            "at": self.at,
            "ready": self.ready,
            "stopping": self.stopping,
            "actors": [row.as_dict() for row in self],
        }


def render_rows(rows: Iterable[ActorStatus], *, now: float) -> str:
    """Return a table with a line per actor, for people.

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


def row_of(name: str, cell: Cell) -> ActorStatus:
    """Return the row of one actor."""
    return ActorStatus(
        name=name,
        state=cell.state,
        ready=cell.is_available,
        since=cell.since,
        generation=cell.generation,
        restarts=max(cell.generation - 1, 0),
        reason=cell.reason,
    )


def take_status(world: World, at: float) -> TreeStatus:
    """Return the picture of a world."""
    rows = tuple(row_of(name, cell) for name, cell in world.cells.items())
    stopping = world.shutdown.why if world.shutdown is not None else None
    ready = world.is_ready and stopping is None
    return TreeStatus(tree=world.plan.name, at=at, ready=ready, stopping=stopping, actors=rows)
