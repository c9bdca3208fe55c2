"""The keys with their values and deadlines; synchronous, so each method is one step that nothing can interrupt.

Expiry is lazy and sampled, as in Redis: a key past its deadline is absent for every operation from that instant, and
its memory comes back when it is asked for or when the hand passes it. Every write moves the hand over a few of the
keys that have a deadline, so what expired keys hold is given back by the writes that follow, at a constant cost each.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

_SWEEP: Final = 4
"""Deadlines looked at per write: more than one is added, so the hand gains on the writers."""


@attrs.frozen
class Entry:
    """What a key holds.

    Attributes:
        value: The text.
        deadline: When it expires, on the clock of the keyspace; None for never.
    """

    value: str
    deadline: float | None = None


class Keyspace:
    """Live entries by key.

    Args:
        clock: Returns the time in seconds; only differences matter, and it never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        # The keys with a deadline, in the order in which the hand reaches them. An OrderedDict takes from its front and
        # appends in constant time; a dict that is eaten from the front slows down.
        self._mortal: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        """How many entries are held, those that have expired unnoticed included."""
        return len(self._entries)

    def now(self) -> float:
        """Return the time on the keyspace's clock."""
        return self._clock()

    def find(self, key: str) -> Entry | None:
        """Return the live entry, or None."""
        entry = self._entries.get(key)
        if entry is not None and entry.deadline is not None and entry.deadline <= self._clock():
            self._drop(key)
            return None
        return entry

    def put(self, key: str, value: str, lifetime: float | None) -> None:
        """Write an entry in place of what was there; ``lifetime`` in seconds, None for ever."""
        self.keep(key, Entry(value, None if lifetime is None else self._clock() + lifetime))

    def keep(self, key: str, entry: Entry) -> None:
        """Write an entry with the deadline it has."""
        self._drop(key)
        self._entries[key] = entry
        if entry.deadline is not None:
            self._mortal[key] = None
        self._sweep()

    def remove(self, key: str) -> bool:
        """Remove the entry; return whether there was a live one."""
        found = self.find(key) is not None
        self._drop(key)
        return found

    def keys(self) -> list[str]:
        """Return the keys that are held now, in no promised order; some may have expired."""
        return list(self._entries)

    def clear(self) -> None:
        """Remove everything."""
        self._entries.clear()
        self._mortal.clear()

    def _drop(self, key: str) -> None:
        self._entries.pop(key, None)
        self._mortal.pop(key, None)

    def _sweep(self) -> None:
        """Move the hand over a few keys: drop the expired, send the others to the back."""
        for _ in range(min(_SWEEP, len(self._mortal))):
            key = next(iter(self._mortal))
            if self.find(key) is not None:
                self._mortal.move_to_end(key)
