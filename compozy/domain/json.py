"""JSON values as the domain carries them: plain dicts, lists and scalars."""

import hashlib
import json
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


def find_odd_key(value: Json) -> tuple[str, Any] | None:
    """Return where the first dict key that is no text is, and the key; None when there is none.

    Python's JSON writer makes a text of a number that is a key, silently: two keys may become one, and nothing comes
    back as it was.

    Args:
        value: Not too deep, or it may never return.

    Returns:
        The path of the dict that has the key, such as ``.tasks[0]``, empty for the value itself; and the key.
    """
    # Each with the number of the one that it is in, and where in there it is.
    nodes: list[tuple[Json, int, str | int]] = [(value, 0, "")]
    for number, (node, _, _) in enumerate(nodes):  # grows meanwhile
        if isinstance(node, dict):
            for key, child in node.items():
                if not isinstance(key, str):
                    return _path_of(number, nodes), key
                if isinstance(child, dict | list | tuple):
                    nodes.append((child, number, key))
        elif isinstance(node, list | tuple):
            nodes.extend((child, number, at) for at, child in enumerate(node) if isinstance(child, dict | list | tuple))
    return None


def fingerprint(value: Json) -> str:
    """Return the SHA-256 of a value, in hexadecimal: the same for equal values, however and wherever they were written.

    The numbers ``1`` and ``1.0`` are not equal here, as they are not for a tool.
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _path_of(number: int, nodes: list[tuple[Json, int, str | int]]) -> str:
    path = ""
    while number:
        _, number, step = nodes[number]
        path = (f".{step}" if isinstance(step, str) else f"[{step}]") + path
    return path


def _containers_in(node: Json) -> list[Json]:
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return [value for value in values if isinstance(value, dict | list | tuple)]
