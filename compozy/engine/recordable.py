"""What of a state no store can keep, and the state without it.

Values that are nested too deeply are refused where they come from, but each container and each template may put one
more level around them. An execution must end whatever it carries, so what cannot be recorded is told instead.
"""

from typing import Any, Final, TypeVar

import attrs

from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.json_texts import find_unkept
from compozy.domain.statuses import Status

NOT_RECORDED: Final = "NOT_RECORDED"
"""The code of an error about something that no store keeps."""

_S = TypeVar("_S", bound=TaskState | WorkflowState)


def recordable(state: _S) -> _S:
    """Return a state without what no store keeps; the same state when it can be kept as it is.

    A task keeps its status, for the execution goes on with what it has. An execution that has no output to show for
    its success has failed.

    Args:
        state: What is to be recorded.
    """
    changes: dict[str, Any] = {}
    told = []
    for name, empty in (("input", {}), ("output", None)):
        problem = find_unkept(getattr(state, name))
        if problem is not None:
            changes[name] = empty
            told.append(f"{name}{problem.key}: {problem.message}")
    error = state.error
    if error is not None and find_unkept(error.details) is not None:
        changes["error"] = error = attrs.evolve(error, details={})
    if told and error is None:
        changes["error"] = Failure(code=NOT_RECORDED, message=f"not recorded: {'; '.join(told)}")
        if isinstance(state, WorkflowState) and state.status is Status.SUCCESS:
            changes["status"] = Status.FAILED
    return attrs.evolve(state, **changes) if changes else state
