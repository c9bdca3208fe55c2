"""Which of its routes a router takes."""

from collections.abc import Mapping
from typing import Any, Final

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json
from compozy.domain.suggestions import did_you_mean
from compozy.templates.values import kind, to_text

DEFAULT_ROUTE: Final = "default"
"""The key of the route that is taken when no other matches."""

_MOST_SHOWN: Final = 80


def route_of(routes: Mapping[str, Any], value: Json) -> str:
    """Return the key of the route that a router takes whose condition came to this value.

    The key must be the value: text without the space around it, booleans and numbers as YAML spells them, nothing at
    all as ``null``. Otherwise ``default`` is taken, where there is one.

    >>> route_of({"true": "ship", "false": "refund"}, True)
    'true'
    >>> route_of({"3": "third", "default": "others"}, 3.0)
    '3'
    >>> route_of({"3": "third", "default": "others"}, "four")
    'default'

    Args:
        routes: The router's, by key.
        value: What its condition came to.

    Raises:
        InvalidError: No route has that key, or the value is a list or an object, which can be no key.
    """
    if isinstance(value, list | dict):
        hint = "let the condition choose a text, a boolean or a number"
        raise InvalidError(Problem(message=f"the condition came to {kind(value)}, which is no route", hint=hint))
    key = "null" if value is None else to_text(value).strip()
    if key in routes:
        return key
    if DEFAULT_ROUTE in routes:
        return DEFAULT_ROUTE
    shown = key if len(key) <= _MOST_SHOWN else f"{key[:_MOST_SHOWN]}…"
    hint = f'{did_you_mean(key, routes)}; a route "{DEFAULT_ROUTE}" takes what is left'
    raise InvalidError(Problem(message=f"no route for {shown!r}", hint=hint))
