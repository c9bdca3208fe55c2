"""What the cache accepts as keys, texts and times to live, as Redis takes them; and texts as Redis gives them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from compozy.domain.errors import InvalidError

LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1

_MILLISECOND: Final = timedelta(milliseconds=1)


def name_in(name: str, what: str = "a key") -> bytes:
    """Return a key or channel, which is a non-empty text that UTF-8 can write."""
    if not name:
        raise InvalidError(f"{what} must not be empty")
    return text_in(name)


def names_in(names: Iterable[str]) -> list[bytes]:
    """Return the keys, all of them checked before the first is touched."""
    return list(map(name_in, names))


def text_in(value: str | bytes) -> bytes:
    """Return a text as UTF-8."""
    try:
        if isinstance(value, bytes):
            value.decode()
            return value
        return value.encode()
    except UnicodeError as error:
        raise InvalidError(f"not UTF-8 text: {error}; encode binary data as base64") from error


def text_out(value: bytes, place: str) -> str:
    """Return a text that Redis holds, perhaps written by somebody else.

    Args:
        value: As it came.
        place: Where it was, for the error.
    """
    try:
        return value.decode()
    except UnicodeError as error:
        raise InvalidError(f"what is in {place} is not UTF-8 text: {error}; another program has written it") from error


def ttl_in(ttl: timedelta) -> int:
    """Return a time to live in milliseconds, rounded up."""
    if ttl <= timedelta():
        raise InvalidError(f"a time to live must be more than zero, got {ttl}; to remove a key, delete it")
    return -(-ttl // _MILLISECOND)


def ttl_out(milliseconds: int) -> timedelta:
    """Return a time to live as Redis tells it."""
    return milliseconds * _MILLISECOND


def step_in(by: int) -> int:
    """Return what to add to a counter."""
    if not LEAST <= by <= MOST:
        raise InvalidError(f"cannot add {by}: it does not fit 64 bits")
    return by


def position_in(position: int) -> int:
    """Return a position in a list; those beyond what Redis can count mean the same as the last it can."""
    return min(max(position, LEAST), MOST)
