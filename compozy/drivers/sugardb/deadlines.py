"""When keys expire, and a hand that finds those which have.

Expiry is lazy and sampled, as in Redis: whoever asks for a key compares its deadline, and every write moves the hand
over a few keys, so what expired keys hold is given back at a constant cost per write, without a task of its own.

The hand goes round a ring of keys. A key is in the ring exactly once as long as it has an entry here: one that has
lost its deadline keeps an entry of :data:`~compozy.drivers.sugardb.effects.NEVER` until the hand comes by, and one
that gets a new deadline before that is where it was.

The ring is made of tuples, which the garbage collector leaves alone once it has seen that they hold nothing but texts.
A list or deque of a million keys would stop the program for some 10 ms at each full collection.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from compozy.drivers.sugardb.effects import NEVER

SHARDS: Final = 1024
"""How many dictionaries share the keys, a power of two.

A dictionary of a million keys stops the program for tens of milliseconds each time it grows, and is copied for as
long when somebody walks over it. In shards of a thousand both take microseconds.
"""

STEPS: Final = 4
"""Keys that the hand looks at per write: more than a write can add, so the hand gains on the writers."""

_TOGETHER: Final = 500
"""Keys in one piece of the ring."""


class Deadlines:
    """Deadlines by key, in seconds on the clock of whoever sets them.

    Attributes:
        shards: The deadlines of the keys in each shard, to look at.
        count: How many keys the hand has to look at.
    """

    def __init__(self) -> None:
        self.shards: list[dict[str, float]] = [{} for _ in range(SHARDS)]
        self.count = 0
        self._hand: Iterator[str] = iter(())
        self._ahead: deque[tuple[str, ...]] = deque()
        self._behind: list[str] = []

    def __len__(self) -> int:
        """How many keys the hand has to look at."""
        return self.count

    def get(self, key: str) -> float:
        """Return the deadline; :data:`NEVER` when there is none."""
        return self.shards[hash(key) % SHARDS].get(key, NEVER)

    def put(self, key: str, deadline: float) -> None:
        """Set the deadline in place of the one there was."""
        shard = self.shards[hash(key) % SHARDS]
        if key in shard:
            shard[key] = deadline
        elif deadline != NEVER:
            shard[key] = deadline
            self.count += 1
            self._leave_behind(key)

    def passed(self, now: float, *, steps: int = STEPS) -> list[str]:
        """Move the hand over a few keys; return those whose deadline is over, and forget them here."""
        found: list[str] = []
        for _ in range(min(steps, self.count)):
            key = self._next()
            shard = self.shards[hash(key) % SHARDS]
            deadline = shard[key]
            if now < deadline < NEVER:
                self._leave_behind(key)
                continue
            del shard[key]
            self.count -= 1
            if deadline <= now:
                found.append(key)
        return found

    def _next(self) -> str:
        """Return the key that the hand comes to."""
        key = next(self._hand, None)
        if key is not None:
            return key
        if not self._ahead:
            self._cut()
        self._hand = iter(self._ahead.popleft())
        return next(self._hand)

    def _leave_behind(self, key: str) -> None:
        self._behind.append(key)
        if len(self._behind) == _TOGETHER:
            self._cut()

    def _cut(self) -> None:
        """Make a piece of the ring of the keys behind the hand, which are the last it comes to."""
        self._ahead.append(tuple(self._behind))
        self._behind.clear()
