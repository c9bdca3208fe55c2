"""How the actors of a tree stand and how they came to be ready, for readiness pages and metrics."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import trio

from compozy.drivers.clock import utc_now
from supervisors import ActorStatus, State, View

_TRYING: Final = frozenset({State.WAITING, State.STARTING})


class ActorReports:
    """Reports on the actors of one tree, made when they are asked for.

    Args:
        tree: The tree.
        make: Makes one report; the class of the edge, which is not imported where nobody needs it.
    """

    def __init__(self, tree: View, make: Callable[..., Any]) -> None:
        self._tree = tree
        self._make = make
        self._boot: Mapping[str, Mapping[str, Any]] | None = None

    def __call__(self) -> Sequence[Any]:
        """Return one report for each actor, its times on the wall clock."""
        boot = self._how_each_started()
        now, monotonic = utc_now(), trio.current_time()
        return [
            self._make(
                name=row.name,
                state=str(row.state),
                ready=_is_well(row),
                # One that the tree does not wait for is told by this: the tree is ready without it.
                needed=row.ready or not self._tree.is_ready,
                since=now - timedelta(seconds=monotonic - row.since),
                generation=row.generation,
                restarts=row.restarts,
                reason=None if _is_well(row) else self._why(row),
                **boot.get(row.name, {}),
            )
            for row in self._tree.status()
        ]

    def _why(self, row: ActorStatus) -> str:
        """Return why the actor is not ready; of one that tries again, what was wrong the last time."""
        if row.state in _TRYING and row.restarts:
            failures = (each for each in reversed(self._tree.events()) if each.to_state is State.FAILED)
            failure = next((each for each in failures if each.name == row.name), None)
            if failure is not None:
                return f"{row.reason}, after {failure.reason.detail or failure.reason}"
        return str(row.reason)

    def _how_each_started(self) -> Mapping[str, Mapping[str, Any]]:
        """Return how each actor started first; kept when all have, for the tree forgets its oldest events."""
        if self._boot is not None:
            return self._boot
        launches = tuple(self._tree.timeline())
        boot = {
            launch.name: {
                "ready_after": _duration(launch.ready),
                "ready_in": _duration(launch.took),
                "waited_for": launch.last,
            }
            for launch in launches
        }
        if all(launch.ready is not None for launch in launches):
            self._boot = boot
        return boot


def _is_well(row: ActorStatus) -> bool:
    """Tell whether the actor does what it is for; a degraded one holds on to a server that does not answer."""
    return row.ready and row.state is not State.DEGRADED


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
