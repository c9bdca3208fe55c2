"""Tools that count their calls."""

from collections.abc import Collection
from time import perf_counter
from typing import Final

from typing_extensions import override

from compozy.contracts.tools import ToolCall, Tools
from compozy.domain.errors import ToolError
from compozy.domain.json import JsonObject
from compozy.domain.statuses import Status
from compozy.telemetry.metrics import Metrics

_OTHER: Final = "other"
"""What stands for a tool that the project does not name now, but a running execution from before."""


class CountedTools(Tools):
    """Tools, each call of which is counted and timed.

    Args:
        tools: What runs them.
        known: The ids that get a series of their own.
        metrics: Where they are counted.
    """

    def __init__(self, tools: Tools, *, known: Collection[str], metrics: Metrics) -> None:
        self._tools = tools
        self._known = frozenset(known)
        self._metrics = metrics

    @override
    async def run(self, call: ToolCall) -> JsonObject:
        began = perf_counter()
        status = Status.CANCELED  # unless it ends by itself
        try:
            output = await self._tools.run(call)
            status = Status.SUCCESS
        except ToolError as error:
            status = Status.TIMED_OUT if error.error_code == "TIMED_OUT" else Status.FAILED
            raise
        finally:
            tool_id = call.tool_id if call.tool_id in self._known else _OTHER
            self._metrics.count_tool(tool_id, status, seconds=perf_counter() - began)
        return output
