"""The tables and their columns; the first column is the key."""

from typing import Final

WORKFLOW_COLUMNS: Final = (
    "exec_id",
    "workflow_id",
    "status",
    "input",
    "output",
    "error",
    "parent_exec_id",
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
    "created_at",
    "updated_at",
)
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
