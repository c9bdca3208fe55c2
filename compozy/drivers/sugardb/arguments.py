"""What the cache accepts as keys, texts and times to live; each refusal says the way out."""

from collections.abc import Sequence
from datetime import timedelta

from compozy.domain.errors import InvalidError


def checked_name(name: str, what: str = "a key") -> str:
    """Return a key or channel, which is a non-empty text that UTF-8 can write."""
    if name and name.isascii():
        return name
    if not name:
        raise InvalidError(f"{what} must not be empty")
    return checked_text(name)


def checked_keys(keys: Sequence[str]) -> list[str]:
    """Return the keys, all of them checked before the first is touched."""
    return list(map(checked_name, keys))


def checked_text(value: str | bytes) -> str:
    """Return a value as text."""
    if isinstance(value, str) and value.isascii():  # as nearly all are, and Python knows at once
        return value
    try:
        if isinstance(value, bytes):
            return value.decode()
        value.encode()
    except UnicodeError as error:
        raise InvalidError(f"not UTF-8 text: {error}; encode binary data as base64") from error
    return value


def checked_ttl(ttl: timedelta) -> float:
    """Return a time to live in seconds."""
    if ttl <= timedelta():
        raise InvalidError(f"a time to live must be more than zero, got {ttl}; to remove a key, delete it")
    return ttl.total_seconds()
