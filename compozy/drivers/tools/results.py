"""What a tool returned, as the output of its task."""

import json
from typing import Final

from compozy.domain.errors import ToolError
from compozy.domain.json import MAX_DEPTH, Json, JsonObject, is_too_deep
from compozy.domain.json_texts import find_loss

DEFAULT_MAX_OUTPUT_BYTES: Final = 16 * 1024 * 1024
"""The largest output of a tool, as JSON: more than a task should carry, and little enough to hold a few times over."""


def dump_result(tool_id: str, result: Json, *, max_bytes: int) -> str:
    """Return what a tool returned as JSON text.

    Raises:
        ToolError: It is not JSON (``TOOL_OUTPUT_INVALID``), or has more than ``max_bytes`` (``TOOL_OUTPUT_TOO_LARGE``).
    """
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"nested deeper than {MAX_DEPTH} levels" if is_too_deep(result) else str(error)
        raise not_json(tool_id, reason) from error
    if len(text) > max_bytes:
        raise too_large(tool_id, len(text), max_bytes=max_bytes)
    if (loss := find_loss(result, text)) is not None:
        raise not_json(tool_id, f"{loss.key}: {loss.message}" if loss.key else loss.message)
    return text


def not_json(tool_id: str, reason: str) -> ToolError:
    """Return the error about an output that is not JSON."""
    return ToolError(
        f"tool {tool_id!r} returned something that is not JSON: {reason}", error_code="TOOL_OUTPUT_INVALID"
    )


def too_large(tool_id: str, size: int | None, *, max_bytes: int) -> ToolError:
    """Return the error about an output that is too large; ``size`` is None when nobody read it to its end."""
    returned = f"{size} bytes of JSON, more than {max_bytes}" if size is not None else f"more than {max_bytes} bytes"
    return ToolError(
        f"tool {tool_id!r} returned {returned}; return a reference to large data instead, for example a path",
        error_code="TOOL_OUTPUT_TOO_LARGE",
    )


def as_object(result: Json) -> JsonObject:
    """Return the tool's result as its output: an object as it is, None as ``{}``, all else under ``value``.

    >>> as_object({"a": 1}), as_object(None), as_object([1, 2])
    ({'a': 1}, {}, {'value': [1, 2]})
    """
    if result is None:
        return {}
    return result if isinstance(result, dict) else {"value": result}
