"""Records as bytes: what two stores must agree on for a record to be the same in both."""

import hashlib
import json
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final

import attrs

from compozy.contracts.store import Kind, Record
from compozy.domain.codec import to_json
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.payloads import Payload

_KEYS: Final[Mapping[Kind, Callable[[Record], str]]] = {
    Kind.EXECUTIONS: attrgetter("exec_id"),
    Kind.TASKS: attrgetter("task_exec_id"),
    Kind.USERS: attrgetter("user_id"),
    Kind.API_KEYS: attrgetter("key_id"),
    Kind.PAYLOADS: attrgetter("key"),
}


@attrs.frozen
class Entry:
    """One record, and what it is compared by.

    Attributes:
        key: Its key.
        record: The record.
        content: All that it holds, as bytes.
    """

    key: str
    record: Record
    content: bytes


def entry_of(kind: Kind, record: Record) -> Entry:
    """Return the record with its key and content."""
    return Entry(_KEYS[kind](record), record, content_of(record))


def content_of(record: Record) -> bytes:
    """Return all that a record holds as canonical JSON: sorted keys, no spaces, ASCII.

    Comparing records would not do: to Python, 1, 1.0 and True are equal, and 0.0 is -0.0. The bytes of a payload, which
    are no JSON, are their SHA-256.
    """
    plain = to_json(record)
    if isinstance(record, Payload):
        plain["content"] = hashlib.sha256(record.content).hexdigest()
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def differing_fields(one: Record, other: Record) -> list[str]:
    """Return the names of the fields that two records of one kind differ in."""
    ours, theirs = (json.loads(content_of(record)) for record in (one, other))
    return [
        field.name
        for field in attrs.fields(type(one))
        if json.dumps(ours[field.name], sort_keys=True) != json.dumps(theirs[field.name], sort_keys=True)
    ]


def has_ended(record: Record) -> bool:
    """Tell whether nothing follows the status of the record; other kinds have none."""
    return not isinstance(record, WorkflowState | TaskState) or record.status.is_terminal


class Digest:
    """The count and the content hash of a stream of entries, taken one by one: SHA-256 of their contents as lines."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._count = 0

    def add(self, entry: Entry) -> None:
        """Take one more."""
        self._hash.update(entry.content)
        self._hash.update(b"\n")  # in no content, so the lines say where each record ends
        self._count += 1

    @property
    def seal(self) -> "Seal":
        """What was taken up to now."""
        return Seal(count=self._count, sha256=self._hash.hexdigest())


@attrs.frozen(kw_only=True)
class Seal:
    """What some records amount to.

    Attributes:
        count: How many there are.
        sha256: Of their contents, in the order of their keys.
    """

    count: int
    sha256: str
