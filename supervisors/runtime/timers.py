"""When the world has to be told the time: the deadlines of all actors, the nearest first."""

import heapq
import math
from collections.abc import Callable


class Timers:
    """Deadlines by actor.

    A deadline that has moved stays in the heap until it is on top; what is real is what the world says.

    Args:
        deadline_of: Returns the present deadline of an actor; infinite when it has none, or is gone.
    """

    def __init__(self, deadline_of: Callable[[str], float]) -> None:
        self._deadline_of = deadline_of
        self._heap: list[tuple[float, str]] = []

    def add(self, at: float, name: str) -> None:
        """Remember a deadline."""
        if at != math.inf:
            heapq.heappush(self._heap, (at, name))

    @property
    def earliest(self) -> float:
        """A lower bound of `next_at`, at no cost: that deadline may have moved."""
        return self._heap[0][0] if self._heap else math.inf

    @property
    def next_at(self) -> float:
        """When the nearest deadline is; infinite when there is none."""
        heap = self._heap
        while heap and self._deadline_of(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else math.inf

    def take_due(self, now: float) -> tuple[str, ...]:
        """Return the actors whose deadline has come, earliest first, and forget these deadlines."""
        due: dict[str, None] = {}
        while self._heap and self._heap[0][0] <= now:
            due[heapq.heappop(self._heap)[1]] = None
        return tuple(due)
