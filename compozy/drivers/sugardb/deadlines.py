"""When keys expire, and a hand that finds those which have.

Expiry is lazy and sampled, as in Redis: whoever asks for a key compares its deadline, and every write moves the hand
over a few keys, so what expired keys hold is given back at a constant cost per write, without a task of its own.

The hand goes round a ring of keys. A key is in the ring exactly once as long as it has an entry here: one that has
lost its deadline keeps an entry of :data:`~compozy.drivers.sugardb.effects.NEVER` until the hand comes by, and one
that gets a new deadline before that is where it was.
"""

from collections import deque
from typing import Final

from compozy.drivers.sugardb.effects import NEVER

SHARDS: Final = 1024
"""How many dictionaries share the keys, a power of two.

A dictionary of a million keys stops the program for tens of milliseconds each time it grows, and is copied for as
long when somebody walks over it. In shards of a thousand both take microseconds.
"""

STEPS: Final = 4
"""Keys that the hand looks at per write: more than a write can add, so the hand gains on the writers."""


class Deadlines:
    """Deadlines by key, in seconds on the clock of whoever sets them."""

    def __init__(self) -> None:
        self._shards: list[dict[str, float]] = [{} for _ in range(SHARDS)]
        self._ring: deque[str] = deque()

    def __len__(self) -> int:
        """How many keys the hand has to look at."""
        return len(self._ring)

    def get(self, key: str) -> float:
        """Return the deadline; :data:`NEVER` when there is none."""
        return self._shards[hash(key) % SHARDS].get(key, NEVER)

    def put(self, key: str, deadline: float) -> None:
        """Set the deadline in place of the one there was."""
        shard = self._shards[hash(key) % SHARDS]
        if key in shard:
            shard[key] = deadline
        elif deadline != NEVER:
            shard[key] = deadline
            self._ring.append(key)

    def passed(self, now: float, *, steps: int = STEPS) -> list[str]:
        """Move the hand over a few keys; return those whose deadline is over, and forget them here."""
        found: list[str] = []
        ring = self._ring
        for _ in range(min(steps, len(ring))):
            key = ring.popleft()
            shard = self._shards[hash(key) % SHARDS]
            deadline = shard[key]
            if deadline == NEVER:
                del shard[key]
            elif deadline <= now:
                del shard[key]
                found.append(key)
            else:
                ring.append(key)
        return found
