"""Effects as bytes, for the log and for snapshots.

Each entry is a code, a deadline, and texts with their lengths; an entry tells its own length, so a record of the log
holds as many as were written together. Deadlines are seconds on the wall clock since 1970, for no other clock outlives
the process. Numbers that are not deadlines are written as texts: they are rare.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

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
)


class Epoch(NamedTuple):
    """The folder has been opened for the so-many-th time."""

    number: int


class Seal(NamedTuple):
    """The file ends here, whole, after this many records."""

    records: int


Entry = Effect | Epoch | Seal

_HEAD: Final = struct.Struct("<BdI")
_HEADS: Final = [struct.Struct(f"<BdI{count}I") for count in range(8)]
"""The head with the lengths of as many texts; more of them are rare enough."""

_TEXT_HEAD: Final = _HEADS[2]

_LENGTH_BYTES: Final = 4

_Parts = tuple[int, float, Sequence[str]]
"""Code, deadline and texts of an entry."""

_TEXT, _LIST, _HASH, _APPEND, _TRIM, _FIELDS, _NO_FIELDS, _EXPIRE, _REMOVE, _EPOCH, _SEAL = range(1, 12)


def encode(entry: Entry, ahead: float) -> bytes:
    """Return an entry as bytes.

    Args:
        entry: What to write.
        ahead: By how many seconds the wall clock is ahead of the clock of its deadline.
    """
    if isinstance(entry, Put) and isinstance(entry.value, str):  # as most are: it takes half the time
        key, text = entry.key.encode(), entry.value.encode()
        return _TEXT_HEAD.pack(_TEXT, entry.deadline + ahead, 2, len(key), len(text)) + key + text
    code, deadline, texts = _PARTS[type(entry)](entry)
    count = len(texts)
    head = _HEADS[count] if count < len(_HEADS) else struct.Struct(f"<BdI{count}I")
    data = "".join(texts).encode()
    lengths = map(len, texts) if data.isascii() else (len(text.encode()) for text in texts)
    return head.pack(code, deadline + ahead, count, *lengths) + data


def decode(payload: bytes, ahead: float) -> Iterator[Entry]:
    """Yield the entries of a payload.

    Args:
        payload: What :func:`encode` gave, any number of times.
        ahead: By how many seconds the wall clock is ahead of the clock that deadlines are wanted on.

    Raises:
        ValueError: These are no entries of this version.
    """
    position = 0
    while position < len(payload):
        start = position
        try:
            code, deadline, count = _HEAD.unpack_from(payload, position)
            position += _HEAD.size
            lengths = struct.unpack_from(f"<{count}I", payload, position)
            position += _LENGTH_BYTES * count
            texts = []
            for length in lengths:
                texts.append(payload[position : position + length].decode())
                position += length
            entry = _ENTRIES[code](deadline - ahead, texts)
        except (struct.error, LookupError, ValueError) as error:
            raise ValueError(f"unknown entry at byte {start} of a record") from error
        if position > len(payload):
            raise ValueError(f"the record ends within the entry at its byte {start}")
        yield entry


def _put_parts(put: Put) -> _Parts:
    key, value, deadline = put
    if isinstance(value, str):
        return _TEXT, deadline, (key, value)
    if isinstance(value, list):
        return _LIST, deadline, (key, *value)
    return _HASH, deadline, (key, *value, *value.values())


def _halved(texts: Sequence[str]) -> dict[str, str]:
    """Return what was written as a hash: the names after the key, then the values."""
    middle = (len(texts) + 1) // 2
    return dict(zip(texts[1:middle], texts[middle:], strict=True))


_PARTS: Final[dict[type[Entry], Callable[[Any], _Parts]]] = {
    Put: _put_parts,
    Append: lambda append: (_APPEND, NEVER, (append.key, *append.values)),
    Trim: lambda trim: (_TRIM, NEVER, (trim.key, str(trim.start), str(trim.stop))),
    PutFields: lambda put: (_FIELDS, NEVER, (put.key, *put.fields, *put.fields.values())),
    RemoveFields: lambda remove: (_NO_FIELDS, NEVER, (remove.key, *remove.fields)),
    Expire: lambda expire: (_EXPIRE, expire.deadline, (expire.key,)),
    Remove: lambda remove: (_REMOVE, NEVER, (remove.key,)),
    Epoch: lambda epoch: (_EPOCH, NEVER, (str(epoch.number),)),
    Seal: lambda seal: (_SEAL, NEVER, (str(seal.records),)),
}

_ENTRIES: Final[dict[int, Callable[[float, Sequence[str]], Entry]]] = {
    _TEXT: lambda deadline, texts: Put(texts[0], texts[1], deadline),
    _LIST: lambda deadline, texts: Put(texts[0], list(texts[1:]), deadline),
    _HASH: lambda deadline, texts: Put(texts[0], _halved(texts), deadline),
    _APPEND: lambda _, texts: Append(texts[0], texts[1:]),
    _TRIM: lambda _, texts: Trim(texts[0], int(texts[1]), int(texts[2])),
    _FIELDS: lambda _, texts: PutFields(texts[0], _halved(texts)),
    _NO_FIELDS: lambda _, texts: RemoveFields(texts[0], texts[1:]),
    _EXPIRE: lambda deadline, texts: Expire(texts[0], deadline),
    _REMOVE: lambda _, texts: Remove(texts[0]),
    _EPOCH: lambda _, texts: Epoch(int(texts[0])),
    _SEAL: lambda _, texts: Seal(int(texts[0])),
}
