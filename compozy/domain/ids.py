"""Opaque identifiers that sort by the time they were made (ULID, https://github.com/ulid/spec)."""

import hashlib
from datetime import datetime

from ulid import ULID


def new_exec_id() -> str:
    """Return a fresh identifier: 26 characters, later ones sort after earlier ones (millisecond resolution)."""
    return str(ULID())


def keyed_exec_id(*parts: str) -> str:
    """Return the identifier that these texts stand for: the same for the same texts, always.

    It is a hash in the form of the others, so it does not sort by time; 128 bits of SHA-256, so nobody can make two
    different lists of texts meet.

    Args:
        parts: Without NUL, which separates them.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return str(ULID.from_bytes(digest[:16]))


def task_exec_id(exec_id: str, accepted_at: datetime, path: str) -> str:
    """Return the identifier of one task run: the same for the same place in the same execution, always.

    A step of an execution that was lost with its worker is taken from the start, perhaps later and with other tasks
    ahead of it. What it did before is recognised by this identifier, so neither the clock nor a counter may be in it.

    Args:
        exec_id: The execution.
        accepted_at: When it was accepted, aware; makes the identifier sort among those of other executions.
        path: The task's place in the execution, unique in it.
    """
    digest = hashlib.sha256(f"{exec_id}\0{path}".encode()).digest()
    milliseconds = int(accepted_at.timestamp() * 1000)
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + digest[:10]))
