"""The tables and their columns; the first column is the key."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

WORKFLOW_COLUMNS: Final = (
    "exec_id",
    "workflow_id",
    "status",
    "input",
    "output",
    "error",
    "parent_exec_id",
    "trigger",
    "first_task",
    "created_at",
    "updated_at",
)
TASK_COLUMNS: Final = (
    "task_exec_id",
    "task_id",
    "type",
    "exec_id",
    "workflow_id",
    "parent_id",
    "status",
    "input",
    "output",
    "error",
    "attempt",
    "awaits",
    "created_at",
    "updated_at",
)
PAYLOAD_COLUMNS: Final = ("key", "exec_id", "created_at", "content")
USER_COLUMNS: Final = ("user_id", "email", "role", "created_at")
API_KEY_COLUMNS: Final = (
    "key_id",
    "user_id",
    "name",
    "fingerprint",
    "prefix",
    "created_at",
    "last_used_at",
    "revoked_at",
)

_PLACES: Final[Mapping[str, str]] = {"task_exec_id": "exec_id", "parent_id": "parent_exec_id"}
_ALONE: Final = tuple(name for name in WORKFLOW_COLUMNS if name not in TASK_COLUMNS and name not in _PLACES.values())
WIDE_WORKFLOW: Final = (
    *(name if name in WORKFLOW_COLUMNS else f"{_PLACES.get(name, 'NULL')} AS {name}" for name in TASK_COLUMNS),
    *_ALONE,
)
"""What is selected of an execution for rows that those of its task runs can be among: one question asks for both.

They are as wide as a task run, and then come the columns that only an execution has.
"""

WIDE_TASK: Final = (*TASK_COLUMNS, *(f"NULL AS {name}" for name in _ALONE))
"""The same of a task run."""

_PLACE_OF: Final[Mapping[str, int]] = {
    **{own: TASK_COLUMNS.index(wide) for wide, own in _PLACES.items()},
    **{name: place for place, name in enumerate((*TASK_COLUMNS, *_ALONE))},
}
_FROM_WIDE: Final = tuple(_PLACE_OF[name] for name in WORKFLOW_COLUMNS)


def workflow_of_wide(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the row of an execution, of one that was selected with :data:`WIDE_WORKFLOW`."""
    return tuple(row[place] for place in _FROM_WIDE)


def task_of_wide(row: Sequence[Any]) -> Sequence[Any]:
    """Return the row of a task run, of one that was selected with :data:`WIDE_TASK`."""
    return row[: len(TASK_COLUMNS)]
