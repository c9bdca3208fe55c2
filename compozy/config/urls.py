"""Addresses of PostgreSQL databases: what they must look like, and how they are shown without their secrets."""

import re
from typing import Final
from urllib.parse import unquote_plus

from compozy.config.fields import refusal
from compozy.domain.json import Json

HIDDEN: Final = "********"
"""What is shown for a secret."""

_SCHEME: Final = re.compile(r"postgres(?:ql)?://")
_HINT: Final = "write postgresql://USER:PASSWORD@HOST:PORT/NAME"
# Up to the last @ there is: a password with one in it that should have been escaped must not show either.
_USER_PASSWORD: Final = re.compile(r"(://[^:@/?#]*:).*@", re.DOTALL)
_QUERY: Final = re.compile(r"([?&])([^=&#]*)=([^&#]*)")
_SECRET: Final = re.compile(r"password|secret|token", re.IGNORECASE)


def checked_database_url(value: Json) -> Json:
    """Return the address when it looks like one; what is no text is left to the field's type.

    Raises:
        PydanticCustomError: It has another scheme, or none.
    """
    if isinstance(value, str) and not _SCHEME.match(value):
        shown = repr(without_secrets(value)) if "://" in value else "this"
        raise refusal(f"{shown} is not the address of a PostgreSQL database", _HINT)
    return value


def without_secrets(url: str) -> str:
    """Return the address with its passwords hidden, wherever in it they are.

    >>> without_secrets("postgresql://ada:hunter2@db:5432/shop?sslmode=require")
    'postgresql://ada:********@db:5432/shop?sslmode=require'
    """
    return _QUERY.sub(_hide_parameter, _USER_PASSWORD.sub(rf"\g<1>{HIDDEN}@", url))


def _hide_parameter(found: re.Match[str]) -> str:
    mark, name, value = found.groups()
    return f"{mark}{name}={HIDDEN if value and _SECRET.search(unquote_plus(name)) else value}"


def says_ssl_mode(url: str) -> bool:
    """Tell whether the address itself says how far TLS goes."""
    return any(unquote_plus(name) == "sslmode" for _, name, _ in _QUERY.findall(url))
