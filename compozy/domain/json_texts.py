"""JSON texts: what of a value they would not give back."""

import json
import re
from typing import Final

from compozy.domain.errors import Problem
from compozy.domain.json import MAX_DEPTH, Json, find_odd_key, is_too_deep

_MADE_KEY: Final = re.compile('"(?:-?[0-9][0-9.e+-]*|true|false|null)": ?')
"""The keys that Python's JSON writer makes of what is no text, or that were such texts before."""


def find_loss(value: Json, text: str) -> Problem | None:
    """Return what of a value its JSON text would not give back, None when nothing is lost.

    Args:
        value: What Python's JSON writer has written.
        text: What it wrote. Most texts show that there is nothing to look for, which would take as long as the writing.

    Returns:
        The problem; its key is a path as of :func:`find_odd_key`.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and is_too_deep(value):  # a level takes a bracket at least
        return Problem(message=f"nested deeper than {MAX_DEPTH} levels", hint="flatten it")
    if _MADE_KEY.search(text) and (odd := find_odd_key(value)) is not None:
        path, key = odd
        return Problem(message=f"the key {key!r} is not a text", key=path, hint="write it as a text")
    return None


def find_unkept(value: Json) -> Problem | None:
    """Return why a value cannot be kept as JSON text, None when it can.

    >>> find_unkept({"a": [{1: "x"}]}).key, find_unkept({"a": [{"1": "x"}]})
    ('.a[0]', None)
    """
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"nested deeper than {MAX_DEPTH} levels" if is_too_deep(value) else str(error)
        return Problem(message=reason)
    return find_loss(value, text)
