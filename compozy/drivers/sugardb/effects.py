"""What can happen to a key: the words in which operations, the log and snapshots speak.

An operation looks at the keyspace, decides, and says what is to be changed in effects; the keyspace carries them out.
The log keeps the same effects and recovery carries them out again, so what is on disk cannot mean something else than
what happened in memory. That is why they leave nothing open: no "now", no "if absent", no expiry that is still to be
noticed.

They are tuples, and not attrs classes, because each write makes one and a tuple costs a third.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Final, NamedTuple

Value = str | list[str] | dict[str, str]
"""What a key holds: a text, a list or a hash."""

NEVER: Final = inf
"""The deadline of a key that lives until it is deleted."""


class Put(NamedTuple):
    """The key holds this, whatever it held; the value belongs to the keyspace from now on."""

    key: str
    value: Value
    deadline: float = NEVER


class Append(NamedTuple):
    """The list, which is there, is longer by these."""

    key: str
    values: Sequence[str]


class Trim(NamedTuple):
    """The list, which is there, keeps what stands from ``start`` to before ``stop``; both are within it."""

    key: str
    start: int
    stop: int


class PutFields(NamedTuple):
    """The hash, which is there, has these fields."""

    key: str
    fields: Mapping[str, str]


class RemoveFields(NamedTuple):
    """The hash, which is there, has not these fields any more; it had them."""

    key: str
    fields: Sequence[str]


class Expire(NamedTuple):
    """The key, which is there, lives until then."""

    key: str
    deadline: float


class Remove(NamedTuple):
    """The key holds nothing."""

    key: str


Effect = Put | Append | Trim | PutFields | RemoveFields | Expire | Remove

Recorder = Callable[[Effect], None]
"""Whoever wants to know of effects."""


def copied(value: Value) -> Value:
    """Return the value as it is now, whatever becomes of it."""
    return value if isinstance(value, str) else value.copy()
