"""Tools: the user's own functions, which tasks run."""

from abc import ABC, abstractmethod
from datetime import timedelta

import attrs

from compozy.domain.json import JsonObject


@attrs.frozen(kw_only=True)
class ToolCall:
    """One call of one tool.

    Attributes:
        tool_id: Name of the exported function.
        tool_exec_id: The task run that makes the call; the same when it is made again after a crash.
        input: First argument.
        config: Second argument.
        timeout: How long it may take.
    """

    tool_id: str
    tool_exec_id: str
    input: JsonObject
    config: JsonObject
    timeout: timedelta


class Tools(ABC):
    """What runs tools."""

    @abstractmethod
    async def run(self, call: ToolCall) -> JsonObject:
        """Run the tool and return its output: an object as it is, None as ``{}``, a scalar or list as ``{"value": x}``.

        Cancelling stops the tool at its next checkpoint; a synchronous function on a thread is left to end by itself,
        and its result is dropped.

        Raises:
            ToolError: It raised, ran out of time (``TIMED_OUT``), is not exported (``TOOL_NOT_FOUND``), or returned
                something that is not JSON (``TOOL_OUTPUT_INVALID``) or is too large (``TOOL_OUTPUT_TOO_LARGE``).
        """
