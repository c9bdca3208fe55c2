"""The records that are written and read: each follows from its number."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from compozy.domain.cursors import Position
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status

TREE: Final = "the-tree"
"""The execution that has a tree of tasks."""

WIDTH: Final = 10
"""How many tasks are right inside a container of the tree."""

_FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_INPUT: Final = {"name": "Ada", "languages": ["en", "fr"], "limits": {"tokens": 4096, "seconds": 30.5}}
_OUTPUT: Final = {"greeting": "Good morning, Ada", "tokens": 127, "sources": ["https://example.org/1", "memory"]}
_STATUSES: Final = (*Status, *[Status.SUCCESS] * 92)
"""Of a hundred executions, 93 have ended well, and one stands at each of the other statuses."""


def exec_id(number: int) -> str:
    """Return the id of an execution; as long as a real one, and in the same order."""
    return f"01KB{number:022d}"


def execution(number: int) -> WorkflowState:
    """Return an execution: the higher the number, the newer it is."""
    moment = position(number).created_at
    return WorkflowState(
        exec_id=exec_id(number),
        workflow_id=f"workflow-{number % 10}",
        status=_STATUSES[number % len(_STATUSES)],
        input=_INPUT,
        output=_OUTPUT,
        created_at=moment,
        updated_at=moment,
    )


def tree_owner() -> WorkflowState:
    """Return the execution of the tree: older than all others."""
    moment = position(-1).created_at
    return attrs.evolve(execution(0), exec_id=TREE, created_at=moment, updated_at=moment)


def executions(count: int) -> Iterator[WorkflowState]:
    """Return the executions with the numbers below this one."""
    return map(execution, range(count))


def position(number: int) -> Position:
    """Return where an execution stands in a listing."""
    return Position(_FIRST + timedelta(milliseconds=number), exec_id(number))


def tasks(count: int, *, owner: str = TREE, prefix: str = "task") -> Sequence[TaskState]:
    """Return the tasks of one execution, as a tree: each but the first is inside an earlier one.

    Args:
        count: How many.
        owner: The execution's id.
        prefix: What their ids begin with.
    """
    ids = [f"{prefix}-{number:019d}" for number in range(count)]
    return [
        TaskState(
            task_exec_id=ids[number],
            task_id=f"step-{number % 20}",
            type=TaskType.BASIC,
            exec_id=owner,
            workflow_id="workflow-0",
            parent_id=ids[(number - 1) // WIDTH] if number else None,
            status=Status.SUCCESS,
            input=_INPUT,
            output=_OUTPUT,
            created_at=position(number).created_at,
            updated_at=position(number + 1).created_at,
        )
        for number in range(count)
    ]
