"""Events: what happened, told under a name to whoever waits for it or is started by it."""

from typing import Final

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json

MAX_NAME: Final = 255
"""How many characters a name may have: it is looked up in an index."""


def event_name(value: Json) -> str:
    """Return the value when it can be the name of an event.

    >>> event_name("order.paid")
    'order.paid'

    Raises:
        InvalidError: It is no text, empty, too long, or holds a NUL or half a character.
    """
    if not isinstance(value, str) or not value.strip():
        shown = repr(value)[:60]
        raise InvalidError(Problem(key="name", message=f"an event has a text as its name, got {shown}"))
    if len(value) > MAX_NAME or "\0" in value or not _is_whole(value):
        shown = repr(value)[:60]
        hint = f"at most {MAX_NAME} characters, none of them NUL or half a character"
        raise InvalidError(Problem(key="name", message=f"{shown} is no name of an event", hint=hint))
    return value


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
