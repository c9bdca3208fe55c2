"""Integers that texts spell, by the rules of Redis: canonical decimal, 64 bits."""

import re
from typing import Final

from compozy.domain.errors import ConflictError, InvalidError

_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


def checked_step(by: int) -> int:
    """Return what is to be added.

    Raises:
        InvalidError: It does not fit 64 bits.
    """
    if not _LEAST <= by <= _MOST:
        raise InvalidError(f"cannot add {by}: it does not fit 64 bits")
    return by


def added(place: str, value: str | None, by: int) -> int:
    """Return the sum of what a value spells, 0 when there is none, and a step.

    Args:
        place: Where the value is, for the message.
        value: What is there.
        by: What to add.

    Raises:
        ConflictError: The value does not spell an integer of 64 bits, or the sum would leave them.
    """
    total = stored_integer(place, value) + by
    if not _LEAST <= total <= _MOST:
        raise ConflictError(f"adding {by} to {place} would leave 64 bits; it is unchanged")
    return total


def stored_integer(place: str, value: str | None) -> int:
    """Return the integer that a value spells, 0 when there is none.

    Raises:
        ConflictError: It does not spell one.
    """
    if value is None:
        return 0
    if _INTEGER.fullmatch(value) and _LEAST <= int(value) <= _MOST:
        return int(value)
    raise ConflictError(f"the value of {place} is not an integer of 64 bits; it is unchanged")
