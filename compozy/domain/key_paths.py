"""Places in nested data, and how people write them."""

from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value is in nested data: keys of objects and indexes of lists, from the outside in."""


def dotted(path: KeyPath) -> str:
    """Return the path as people write it.

    >>> dotted(("tasks", 0, "on_success", "next"))
    'tasks[0].on_success.next'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
