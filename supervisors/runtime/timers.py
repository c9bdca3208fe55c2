"""When the world has to be told the time: the deadlines of all actors, the nearest first."""

import heapq
import math
from collections.abc import Callable


class Timers:
    """Deadlines by actor.

    A deadline that has moved stays here until it is the nearest; what is real is what the world says. Actors that start
    or stop together mostly have the same deadline, so there is one entry for each instant, not for each actor.

    Args:
        deadline_of: Returns the present deadline of an actor; infinite when it has none, or is gone.
    """

    def __init__(self, deadline_of: Callable[[str], float]) -> None:
        self._deadline_of = deadline_of
        self._instants: list[float] = []  # a heap
        self._names: dict[float, list[str]] = {}

    def add(self, at: float, name: str) -> None:
        """Remember a deadline."""
        if at == math.inf:
            return
        names = self._names.get(at)
        if names is None:
            heapq.heappush(self._instants, at)
            names = self._names[at] = []
        names.append(name)

    @property
    def earliest(self) -> float:
        """A lower bound of `next_at`, at no cost: that deadline may have moved."""
        return self._instants[0] if self._instants else math.inf

    @property
    def next_at(self) -> float:
        """When the nearest deadline is; infinite when there is none."""
        while self._instants:
            at = self._instants[0]
            names = self._names[at]
            while names and self._deadline_of(names[-1]) != at:
                names.pop()
            if names:
                return at
            del self._names[heapq.heappop(self._instants)]
        return math.inf

    def take_due(self, now: float) -> tuple[str, ...]:
        """Return the actors whose deadline has come, earliest first, and forget these deadlines."""
        due: dict[str, None] = {}
        while self._instants and self._instants[0] <= now:
            due.update(dict.fromkeys(self._names.pop(heapq.heappop(self._instants))))
        return tuple(due)
