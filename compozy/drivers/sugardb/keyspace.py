"""The keys with their values and deadlines; synchronous, so each method is one step that nothing can interrupt.

An operation is several of them, and must see one instant from its first look to its last change: else a key could be
there when it looks and expire before it writes. So time stands still here until :meth:`Keyspace.tick`, which begins
an operation; the clock is read when an operation meets its first deadline, for many never meet one.
"""

from collections.abc import Callable
from typing import cast

from compozy.drivers.sugardb.deadlines import SHARDS, STEPS, Deadlines
from compozy.drivers.sugardb.effects import (
    NEVER,
    Append,
    Effect,
    Expire,
    Put,
    PutFields,
    Remove,
    RemoveFields,
    Trim,
    Value,
    copied,
)


class Keyspace:
    """Live values by key.

    Attributes:
        forgotten: Called with each key and what it held when it is dropped because it has expired; None for nobody.

    Args:
        clock: Returns the time in seconds; only differences matter, and it never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._now: float | None = clock()
        self._shards: list[dict[str, Value]] = [{} for _ in range(SHARDS)]
        self._deadlines = Deadlines()
        self._deadline_shards = self._deadlines.shards
        self._steps: dict[type[Effect], Callable[..., None]] = {
            Put: self._put,
            Append: self._append,
            Trim: self._trim,
            PutFields: self._put_fields,
            RemoveFields: self._remove_fields,
            Expire: self._expire,
            Remove: self._remove,
        }
        self.forgotten: Callable[[str, Value], None] | None = None

    def __len__(self) -> int:
        """How many keys are held, those that have expired unnoticed included."""
        return sum(map(len, self._shards))

    def tick(self) -> None:
        """Let time go on."""
        self._now = None

    def now(self) -> float:
        """Return the instant that all is seen at."""
        if self._now is None:
            self._now = self._clock()
        return self._now

    def time(self) -> float:
        """Return what the clock shows."""
        return self._clock()

    def find(self, key: str) -> Value | None:
        """Return what the key holds, or None when it is absent or has expired."""
        shard = hash(key) % SHARDS
        value = self._shards[shard].get(key)
        if value is None or key not in self._deadline_shards[shard] or self._deadline_shards[shard][key] > self.now():
            return value
        self._forget(key)
        return None

    def held(self, key: str) -> Value | None:
        """Return what the key holds, even when it has expired and nobody has noticed."""
        return self._shards[hash(key) % SHARDS].get(key)

    def deadline(self, key: str) -> float:
        """Return when a key that is there expires."""
        return self._deadlines.get(key)

    def apply(self, effect: Effect) -> None:
        """Carry out an effect."""
        self._steps[type(effect)](*effect)

    def sweep(self, *, steps: int | None = STEPS) -> None:
        """Drop keys that have expired, of those among the next ``steps``; None for all."""
        if self._deadlines.count:
            for key in self._deadlines.passed(self.now(), steps=self._deadlines.count if steps is None else steps):
                self._forget(key)

    def image(self, key: str) -> Put | Remove:
        """Return the effect that brings the key back to what it is now."""
        value = self.find(key)
        return Remove(key) if value is None else Put(key, copied(value), self.deadline(key))

    def names(self, shard: int) -> list[str]:
        """Return the keys in one of the shards, in no promised order; some may have expired."""
        return list(self._shards[shard])

    def _forget(self, key: str) -> None:
        value = self._shards[hash(key) % SHARDS].pop(key)
        self._deadlines.put(key, NEVER)
        if self.forgotten is not None:
            self.forgotten(key, value)

    def _put(self, key: str, value: Value, deadline: float) -> None:
        shard = hash(key) % SHARDS
        self._shards[shard][key] = value
        if deadline != NEVER or key in self._deadline_shards[shard]:
            self._deadlines.put(key, deadline)

    def _append(self, key: str, values: list[str]) -> None:
        cast("list[str]", self.held(key)).extend(values)

    def _trim(self, key: str, start: int, stop: int) -> None:
        values = cast("list[str]", self.held(key))
        del values[stop:]
        del values[:start]

    def _put_fields(self, key: str, fields: dict[str, str]) -> None:
        cast("dict[str, str]", self.held(key)).update(fields)

    def _remove_fields(self, key: str, fields: list[str]) -> None:
        held = cast("dict[str, str]", self.held(key))
        for field in fields:
            del held[field]

    def _expire(self, key: str, deadline: float) -> None:
        self._deadlines.put(key, deadline)

    def _remove(self, key: str) -> None:
        self._shards[hash(key) % SHARDS].pop(key, None)
        self._deadlines.put(key, NEVER)
