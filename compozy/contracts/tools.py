"""Tools: the user's own functions, which tasks run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
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
        env: The tool's own environment variables; :func:`compozy.domain.tool_env.find_env_problem` says which may be.
        timeout: How long it may take, the wait for a free worker included.
    """

    tool_id: str
    tool_exec_id: str
    input: JsonObject
    config: JsonObject
    env: Mapping[str, str] = attrs.Factory(dict)
    timeout: timedelta


class Tools(ABC):
    """What runs tools."""

    @abstractmethod
    async def run(self, call: ToolCall) -> JsonObject:
        """Run the tool and return its output: an object as it is, None as ``{}``, a scalar or list as ``{"value": x}``.

        Cancelling stops the tool: one in this process at its next checkpoint, one in another process at once, with
        everything that it has started. A synchronous function on a thread of this process is left to end by itself,
        and its result is dropped.

        Raises:
            ToolError: It raised (``TOOL_FAILED``), ran out of time (``TIMED_OUT``), is not exported
                (``TOOL_NOT_FOUND``), was given a variable that it may not have (``TOOL_ENV_REFUSED``), or returned
                something that is not JSON (``TOOL_OUTPUT_INVALID``) or is too large (``TOOL_OUTPUT_TOO_LARGE``). In
                another process also: that process ended (``TOOL_CRASHED``), or could not be started or load the
                entrypoint (``TOOL_NOT_LOADED``).
        """
