"""How much memory the keys take, estimated, and the limit to it.

A text is counted as Python holds it, plus what a dictionary or list needs to hold it. What is kept here per list and
hash is their size, so that no effect costs more than what it changes. The estimate is within a fifth of the truth for
keys and values of usual length; the program's other memory is not in it.
"""

from collections.abc import Iterable
from sys import getsizeof
from typing import Final

from compozy.domain.errors import ConflictError
from compozy.drivers.sugardb.effects import Append, Effect, Put, PutFields, Remove, RemoveFields, Trim, Value
from compozy.drivers.sugardb.keyspace import Keyspace

_PER_KEY: Final = 100
"""A slot in a dictionary that is half full, which is what they are on average."""

_PER_FIELD: Final = 100
_PER_ITEM: Final = 9
_EMPTY: Final = 64
"""A list or a dictionary as such."""


class Memory:
    """The estimate, kept up to date effect by effect.

    Args:
        keyspace: Whose keys are counted.
        limit: How many bytes they may take.
    """

    def __init__(self, keyspace: Keyspace, limit: int) -> None:
        self._keyspace = keyspace
        self._limit = limit
        self._containers: dict[str, int] = {}
        self._used = 0
        keyspace.forgotten = self._forget

    @property
    def used(self) -> int:
        """Bytes that the keys take."""
        return self._used

    def is_near(self, effects: Iterable[Effect]) -> bool:
        """Tell whether the limit might be reached by these effects."""
        return self._used + sum(map(_most, effects)) > self._limit

    def require_room(self, before: int) -> None:
        """Refuse what has just been carried out, if it took more memory and that is too much.

        Args:
            before: What was used before.

        Raises:
            ConflictError: The limit is exceeded.
        """
        if before < self._used > self._limit:
            raise ConflictError(
                f"the embedded cache is full: {self._limit} bytes are its limit, and {self._used} would be needed;"
                " delete keys, give them a time to live, or raise the limit"
            )

    def count(self, effect: Effect) -> None:
        """Count what an effect is about to change; called just before it is carried out."""
        key = effect.key
        match effect:
            case Put(value=value):
                self._uncount(key, self._keyspace.held(key))
                size = _size(value)
                self._used += getsizeof(key) + _PER_KEY + size
                if not isinstance(value, str):
                    self._containers[key] = size
            case Remove():
                self._uncount(key, self._keyspace.held(key))
            case Append() | Trim() | PutFields() | RemoveFields():
                change = _change(effect, self._keyspace.held(key))
                self._containers[key] += change
                self._used += change
            case _:
                pass  # a deadline takes no more memory than the key was counted for

    def _forget(self, key: str, value: Value) -> None:
        self._uncount(key, value)

    def _uncount(self, key: str, value: Value | None) -> None:
        if value is not None:
            size = _size(value) if isinstance(value, str) else self._containers.pop(key)
            self._used -= getsizeof(key) + _PER_KEY + size


def _size(value: Value) -> int:
    if isinstance(value, str):
        return getsizeof(value)
    if isinstance(value, list):
        return _EMPTY + _items(value)
    return _EMPTY + sum(map(_field, value, value.values()))


def _items(values: Iterable[str]) -> int:
    return sum(getsizeof(value) + _PER_ITEM for value in values)


def _field(name: str, value: str) -> int:
    return getsizeof(name) + getsizeof(value) + _PER_FIELD


def _change(effect: Append | Trim | PutFields | RemoveFields, held: Value | None) -> int:
    """Return by how much a list or hash grows."""
    match effect, held:
        case Append(values=values), _:
            return _items(values)
        case Trim(start=start, stop=stop), list(values):
            return -_items(values[:start]) - _items(values[stop:])
        case PutFields(fields=fields), dict(present):
            old = sum(_field(name, present[name]) for name in fields if name in present)
            return sum(map(_field, fields, fields.values())) - old
        case RemoveFields(fields=fields), dict(present):
            return -sum(_field(name, present[name]) for name in fields)
    raise TypeError(f"{effect} does not fit what the key holds")


def _most(effect: Effect) -> int:
    """Return what an effect can add at most, without looking at what there is."""
    match effect:
        case Put(key=key, value=value):
            return getsizeof(key) + _PER_KEY + _size(value)
        case Append(values=values):
            return _items(values)
        case PutFields(fields=fields):
            return sum(map(_field, fields, fields.values()))
    return 0
