"""JSON values as the domain carries them: plain dicts, lists and scalars."""

from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
"""None, bool, int, float, str, a list of these, or a dict from str to these.

Any to the type checker: a recursive union would need a cast at every subscript and prove nothing, because the
values come from users' YAML, requests and tools.
"""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""

MAX_DEPTH: Final = 256
"""How many containers deep a value may be.

Python's JSON reader and SQLite's and PostgreSQL's own checks all give up somewhere, each elsewhere and some depending
on how deep the caller's stack is; a value that one accepted could be unreadable to another.
"""


def is_too_deep(value: Json) -> bool:
    """Tell whether ``value`` is nested deeper than :data:`MAX_DEPTH`; a value that contains itself is."""
    level = [value]
    for _ in range(MAX_DEPTH):
        # By identity, so that one which holds itself twice does not double at every level.
        level = list({id(child): child for node in level for child in _containers_in(node)}.values())
        if not level:
            return False
    return True


def _containers_in(node: Json) -> list[Json]:
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return [value for value in values if isinstance(value, dict | list | tuple)]
