"""Addresses of PostgreSQL, Redis and Temporal servers: what they look like, and how they show without their secrets."""

import re
from typing import Any, Final
from urllib.parse import unquote_plus

from compozy.config.fields import refusal
from compozy.domain.json import Json
from compozy.domain.secrets import HIDDEN, Secret

_DATABASE_SCHEME: Final = re.compile(r"postgres(?:ql)?://")
_DATABASE_HINT: Final = "write postgresql://USER:PASSWORD@HOST:PORT/NAME"
_REDIS_SCHEME: Final = re.compile(r"(?:rediss?|unix)://")
_REDIS_HINT: Final = "write redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss://… for TLS, or unix:///PATH"
_HOST_PORT: Final = re.compile(r"(?:[^\s:/@\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_HOST_PORT_HINT: Final = "write HOST:PORT, without a scheme: temporal.tls says whether it is encrypted"
_LAST_PORT: Final = 65535
# Up to the last @ there is: a password with one in it that should have been escaped must not show either.
_USER_PASSWORD: Final = re.compile(r"(://[^:@/?#]*:).*@", re.DOTALL)
_QUERY: Final = re.compile(r"([?&])([^=&#]*)=([^&#]*)")
_SECRET: Final = re.compile(r"password|secret|token", re.IGNORECASE)


def schema_of_database_url() -> dict[str, Any]:
    """Return what an editor is told of the address of a database."""
    return _schema_of(_DATABASE_SCHEME, "address of a PostgreSQL database", _DATABASE_HINT)


def schema_of_redis_url() -> dict[str, Any]:
    """Return what an editor is told of the address of a Redis server."""
    return _schema_of(_REDIS_SCHEME, "address of a Redis server", _REDIS_HINT)


def _schema_of(scheme: re.Pattern[str], title: str, hint: str) -> dict[str, Any]:
    pattern = f"^(?:{scheme.pattern})"
    return {"type": "string", "title": title, "pattern": pattern, "patternErrorMessage": hint, "writeOnly": True}


def hide_password(url: str) -> Secret:
    """Return the address as a secret that shows all but its passwords."""
    return Secret(url, without_secrets(url))


def checked_database_url(value: Json) -> Json:
    """Return the address when it looks like one; what is no text is left to the field's type.

    Raises:
        PydanticCustomError: It has another scheme, or none.
    """
    return _checked(value, _DATABASE_SCHEME, "a PostgreSQL database", _DATABASE_HINT)


def checked_redis_url(value: Json) -> Json:
    """Return the address when it looks like one; what is no text is left to the field's type.

    Raises:
        PydanticCustomError: It has another scheme, or none.
    """
    return _checked(value, _REDIS_SCHEME, "a Redis server", _REDIS_HINT)


def checked_host_port(value: Json) -> Json:
    """Return the address when it is a host and a port; what is no text is left to the field's type.

    Raises:
        PydanticCustomError: It is something else.
    """
    if isinstance(value, str):
        found = _HOST_PORT.fullmatch(value)
        if found is None or not 1 <= int(found["port"]) <= _LAST_PORT:
            raise refusal(f"{without_secrets(value)!r} is not the address of a Temporal cluster", _HOST_PORT_HINT)
    return value


def _checked(value: Json, scheme: re.Pattern[str], what: str, hint: str) -> Json:
    if isinstance(value, str) and not scheme.match(value):
        # Without a scheme it may be anything, a password too.
        shown = repr(without_secrets(value)) if "://" in value else "this"
        raise refusal(f"{shown} is not the address of {what}", hint)
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
