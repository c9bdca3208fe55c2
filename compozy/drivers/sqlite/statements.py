"""The SQL of the repositories: guarded upserts and the listing.

Every value is bound. What is spliced into the text are the names of columns and statuses, which are constants of this
program.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from compozy.domain.statuses import Status, may_follow
from compozy.drivers.sqlite.records import TASK_COLUMNS, WORKFLOW_COLUMNS


def _names(columns: Sequence[str]) -> str:
    return ", ".join(columns)


def _literals(statuses: Collection[Status]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


def _guarded_upserts(table: str, columns: Sequence[str], updates: str) -> Mapping[Status, str]:
    """Return, for each status to write, an upsert that leaves a row alone whose status it may not follow.

    The statement returns the row it wrote, or nothing when the guard held. The allowed predecessors come from the
    domain's table, so there is one.
    """
    values = ", ".join("?" * len(columns))
    key = columns[0]
    return {
        status: f"INSERT INTO {table} ({_names(columns)}) VALUES ({values}) "  # noqa: S608 - constants, see above
        f"ON CONFLICT ({key}) DO UPDATE SET {updates} WHERE {table}.status IN ({_literals(predecessors)}) "
        f"RETURNING {_names(columns)}"
        for status in Status
        for predecessors in [[current for current in Status if may_follow(current, status)]]
    }


_NEWS: Final = (
    "status = excluded.status, output = excluded.output, error = excluded.error, updated_at = excluded.updated_at"
)

UPSERT_WORKFLOW: Final = _guarded_upserts("workflow_states", WORKFLOW_COLUMNS, _NEWS)
# A late write of an earlier attempt must not lower the number.
UPSERT_TASK: Final = _guarded_upserts(
    "task_states", TASK_COLUMNS, f"{_NEWS}, attempt = max(task_states.attempt, excluded.attempt)"
)

GET_WORKFLOW: Final = f"SELECT {_names(WORKFLOW_COLUMNS)} FROM workflow_states WHERE exec_id = ?"  # noqa: S608 - constants
HAS_WORKFLOW: Final = "SELECT 1 FROM workflow_states WHERE exec_id = ?"
GET_TASK: Final = f"SELECT {_names(TASK_COLUMNS)} FROM task_states WHERE task_exec_id = ?"  # noqa: S608 - constants
LIST_TASKS: Final = (
    f"SELECT {_names(TASK_COLUMNS)} FROM task_states WHERE exec_id = ? ORDER BY created_at, task_exec_id"  # noqa: S608 - constants
)


def listing(statuses: Collection[Status], *, by_workflow: bool, after_position: bool) -> str:
    """Return the query of one page, newest first.

    One arm per status, each a walk along an index in the wanted order; SQLite merges them and stops at the limit, so
    a page costs the same wherever it is and however many executions there are.

    Args:
        statuses: The wanted ones, at least one.
        by_workflow: Whether ``:workflow_id`` is bound.
        after_position: Whether ``:created_at`` and ``:exec_id`` are bound.
    """
    conditions = "status = '{}'"
    if by_workflow:
        conditions += " AND workflow_id = :workflow_id"
    if after_position:
        conditions += " AND (created_at, exec_id) < (:created_at, :exec_id)"
    arm = f"SELECT {_names(WORKFLOW_COLUMNS)} FROM workflow_states WHERE {conditions}"  # noqa: S608 - constants
    arms = " UNION ALL ".join(arm.format(status) for status in statuses)
    return f"{arms} ORDER BY created_at DESC, exec_id DESC LIMIT :limit"
