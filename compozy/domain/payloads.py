"""Payloads: values of executions that are too large to travel, and the keys that they are kept under."""

import hashlib
from datetime import datetime
from typing import Final

import attrs

CHILD: Final = "/"
"""Stands between the identifier of an execution and the rest, in the identifiers of its parts."""


@attrs.frozen(kw_only=True)
class Payload:
    """A value that is kept for an execution.

    Attributes:
        key: What it is kept under (:func:`payload_key`).
        exec_id: The execution that it belongs to.
        created_at: When it was kept first (UTC).
        content: The value.
    """

    key: str
    exec_id: str
    created_at: datetime
    content: bytes = attrs.field(repr=False)


def payload_key(exec_id: str, content: bytes) -> str:
    """Return what this content of this execution is kept under: the same for the same, so it may be kept twice.

    Args:
        exec_id: The execution that it belongs to.
        content: The value.

    >>> payload_key("E", b"x") == payload_key("E", b"x") != payload_key("F", b"x")
    True
    """
    digest = hashlib.sha256(exec_id.encode())
    digest.update(b"\0")
    digest.update(content)
    return digest.hexdigest()


def owner_of(part_id: str) -> str:
    """Return the execution that a part of an execution belongs to.

    >>> owner_of("01ABC/each@1/3"), owner_of("01ABC")
    ('01ABC', '01ABC')

    Args:
        part_id: The identifier of the execution, or that with :data:`CHILD` and anything after it.
    """
    return part_id.partition(CHILD)[0]
