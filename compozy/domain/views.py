"""Tasks that have ended, as the templates after them see them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from compozy.domain.executions import Failure
from compozy.domain.json import Json, JsonObject
from compozy.domain.statuses import Status

SKIPPED: Final[Mapping[str, bool]] = MappingProxyType({"skipped": True})
"""The output of a task that did nothing, because its condition was false."""


@attrs.frozen(kw_only=True)
class TaskView:
    """One task that has ended, as templates see it under ``.tasks.<id>``.

    Attributes:
        status: How it ended.
        output: Its output, shaped by its ``outputs``.
        error: Why it did not succeed.
        input: Its rendered input.
        children: The tasks of a container, by id; None for other types.
        is_skipped: Whether its condition was false, so that it did nothing; templates see that in its output.
    """

    status: Status
    output: Json = None
    error: Failure | None = None
    input: JsonObject = attrs.Factory(dict)
    children: Mapping[str, "TaskView"] | None = None
    is_skipped: bool = False

    def as_json(self) -> JsonObject:
        """Return what a template sees.

        A container's ``output`` has one entry a child (``.output.<child>.output``), and its own shaped output, if it
        has one, under ``.output.output``.
        """
        output = self.output
        children = None
        if self.children is not None:
            children = {child_id: child.as_json() for child_id, child in self.children.items()}
            output = {child_id: {"output": child["output"]} for child_id, child in children.items()}
            if self.output is not None:
                output["output"] = self.output
        view: JsonObject = {"status": self.status.value, "output": output, "input": self.input}
        if self.error is not None:
            view["error"] = attrs.asdict(self.error)
        if children is not None:
            view["children"] = children
        return view


attrs.resolve_types(TaskView)  # it names itself, which the codec must be able to resolve
