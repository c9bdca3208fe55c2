"""Opaque identifiers that sort by the time they were made (ULID, https://github.com/ulid/spec)."""

from datetime import datetime
from random import Random

from ulid import ULID


def new_exec_id() -> str:
    """Return a fresh identifier: 26 characters, later ones sort after earlier ones (millisecond resolution)."""
    return str(ULID())


def exec_id_at(when: datetime, random: Random) -> str:
    """Return the identifier that this instant and this random source determine.

    For code that must be deterministic, such as a replayed workflow: the same clock and seed give the same id.

    Args:
        when: Aware datetime; its milliseconds become the sortable part.
        random: Source of the remaining 80 bits.
    """
    milliseconds = int(when.timestamp() * 1000)
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + random.getrandbits(80).to_bytes(10, "big")))
