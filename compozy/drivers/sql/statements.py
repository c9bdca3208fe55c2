"""The SQL of the repositories, made once for each dialect.

Every value is bound. What is spliced into the text are names of tables, columns and statuses, which are constants of
this program, and how many rows a listing returns.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from compozy.contracts.store import Kind
from compozy.domain.statuses import Status, may_follow
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.tables import (
    API_KEY_COLUMNS,
    PAYLOAD_COLUMNS,
    TASK_COLUMNS,
    USER_COLUMNS,
    WIDE_TASK,
    WIDE_WORKFLOW,
    WORKFLOW_COLUMNS,
)

# ruff: noqa: S608 - constants, see above

_NEWS: Final = (
    "status = excluded.status, output = excluded.output, error = excluded.error, updated_at = excluded.updated_at"
)
_TABLES: Final[Mapping[Kind, tuple[str, Sequence[str]]]] = {
    Kind.EXECUTIONS: ("workflow_states", WORKFLOW_COLUMNS),
    Kind.TASKS: ("task_states", TASK_COLUMNS),
    Kind.USERS: ("users", USER_COLUMNS),
    Kind.API_KEYS: ("api_keys", API_KEY_COLUMNS),
    Kind.PAYLOADS: ("payloads", PAYLOAD_COLUMNS),
}


class Statements:
    """The statements of one dialect; the comments say what their parameters are.

    Args:
        dialect: How the database says it.
    """

    def __init__(self, dialect: Dialect) -> None:
        text = dialect.text
        workflows, tasks = _names(WORKFLOW_COLUMNS), _names(TASK_COLUMNS)
        users, keys = _names(USER_COLUMNS), _names(API_KEY_COLUMNS)
        self._text = text
        self._sorts_arms = dialect.sorts_arms
        # A row each; they return the row they wrote, or nothing when the guard held.
        self.upsert_workflow = text(_guarded_upsert("workflow_states", WORKFLOW_COLUMNS, _NEWS))
        # A late write of an earlier attempt must not lower the number.
        attempt = f"awaits = excluded.awaits, attempt = {dialect.greatest}(task_states.attempt, excluded.attempt)"
        self.upsert_task = text(_guarded_upsert("task_states", TASK_COLUMNS, f"{_NEWS}, {attempt}"))
        # The same, and nothing too when there is no such execution; it stays until we have ended, as below.
        owner = f"FROM workflow_states WHERE exec_id = ?{TASK_COLUMNS.index('exec_id') + 1}{dialect.lock_referred}"
        self.upsert_owned_task = text(
            _guarded_upsert("task_states", TASK_COLUMNS, f"{_NEWS}, {attempt}", only_if=owner)
        )
        # status, output, error, updated_at, exec_id
        self.update_workflow = {status: text(_guarded_update(status, workflows)) for status in Status}
        self.get_workflow = text(f"SELECT {workflows} FROM workflow_states WHERE exec_id = ?1")
        # exec_id; the rows are as wide as task runs and have a first column more: 0 for the execution, which is first.
        self.get_with_tasks = text(
            f"SELECT 0 AS is_task, {_names(WIDE_WORKFLOW)} FROM workflow_states WHERE exec_id = ?1 "
            f"UNION ALL SELECT 1, {_names(WIDE_TASK)} FROM task_states WHERE exec_id = ?1 "
            "ORDER BY is_task, created_at, task_exec_id"
        )
        # exec_id, task_exec_id; as wide
        self.get_with_task = text(
            f"SELECT 0 AS is_task, {_names(WIDE_WORKFLOW)} FROM workflow_states WHERE exec_id = ?1 "
            f"UNION ALL SELECT 1, {_names(WIDE_TASK)} FROM task_states WHERE task_exec_id = ?2 AND exec_id = ?1 "
            "ORDER BY is_task"
        )
        self.refer_to_workflow = text(
            f"SELECT 1 FROM workflow_states WHERE exec_id = ?1{dialect.lock_referred}"  # it stays until we have ended
        )
        unfinished = _literals([status for status in Status if not status.is_terminal])
        self.unfinished = f"SELECT status, count(*) FROM workflow_states WHERE status IN ({unfinished}) GROUP BY status"
        self.delete_workflow = text("DELETE FROM workflow_states WHERE exec_id = ?1 RETURNING exec_id")
        # before, limit
        self.delete_older = text(
            "DELETE FROM workflow_states WHERE exec_id IN (SELECT exec_id FROM workflow_states "
            f"WHERE {_ENDED_AT} < ?1 ORDER BY {_ENDED_AT}, exec_id LIMIT ?2) RETURNING exec_id"
        )
        self.get_task = text(f"SELECT {tasks} FROM task_states WHERE task_exec_id = ?1")
        self.list_tasks = text(f"SELECT {tasks} FROM task_states WHERE exec_id = ?1 ORDER BY created_at, task_exec_id")
        self.children = text(f"SELECT {tasks} FROM task_states WHERE parent_id = ?1 ORDER BY created_at, task_exec_id")
        # exec_id; the rows have a last column more, the depth, and those of one depth are together, oldest first.
        inside = dialect.look_up.format(table="task_states", name="inner_task", condition=_IS_INSIDE)
        self.hierarchy = text(
            _HIERARCHY.format(columns=_names([f"task.{name}" for name in TASK_COLUMNS]), inside=inside)
        )
        self.progress = text("SELECT status, count(*) FROM task_states WHERE parent_id = ?1 GROUP BY status")
        # name, after, limit
        self.awaiting = text(
            "SELECT DISTINCT exec_id FROM task_states WHERE awaits = ?1 AND status = 'WAITING' AND exec_id > ?2 "
            "ORDER BY exec_id LIMIT ?3"
        )
        self.insert_payload = text(f"{_insert('payloads', PAYLOAD_COLUMNS)} ON CONFLICT DO NOTHING")
        self.get_payload = text("SELECT content FROM payloads WHERE key = ?1")
        self.get_user = text(f"SELECT {users} FROM users WHERE user_id = ?1")
        self.find_user = text(f"SELECT {users} FROM users WHERE email = ?1")
        self.list_users = text(f"SELECT {users} FROM users ORDER BY created_at, user_id")
        self.delete_user = text("DELETE FROM users WHERE user_id = ?1 RETURNING user_id")
        self.refer_to_user = text(f"SELECT 1 FROM users WHERE user_id = ?1{dialect.lock_referred}")
        self.find_key = text(f"SELECT {keys} FROM api_keys WHERE fingerprint = ?1")
        # at, key_id
        self.touch_key = text(
            "UPDATE api_keys SET last_used_at = ?1 "
            "WHERE key_id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1) RETURNING key_id"
        )
        # at, key_id
        self.revoke_key = text(
            f"UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?1) WHERE key_id = ?2 RETURNING {keys}"
        )
        self.list_keys = text(f"SELECT {keys} FROM api_keys WHERE user_id = ?1 ORDER BY created_at, key_id")
        self.count = {kind: f"SELECT count(*) FROM {table}" for kind, (table, _) in _TABLES.items()}
        # after, limit
        self.page = {
            kind: text(f"SELECT {_names(columns)} FROM {table} WHERE {columns[0]} > ?1 ORDER BY {columns[0]} LIMIT ?2")
            for kind, (table, columns) in _TABLES.items()
        }
        self.insert = {
            kind: text(f"{_insert(table, columns)} ON CONFLICT DO NOTHING RETURNING {columns[0]}")
            for kind, (table, columns) in _TABLES.items()
        }
        # the key
        self.remove = {
            kind: text(f"DELETE FROM {table} WHERE {columns[0]} = ?1") for kind, (table, columns) in _TABLES.items()
        }

    def listing(self, statuses: Collection[Status], conditions: Sequence[str], limit: int) -> str:
        """Return the query of one page, newest first.

        One arm per status, each a walk along an index in the wanted order; the database merges them and stops at the
        limit, so a page costs the same wherever it is and however many executions there are.

        Args:
            statuses: The wanted ones, at least one.
            conditions: What else must hold, with parameters.
            limit: How many rows; literally, so that the database knows it when it plans, once for all cursors.
        """
        ending = f"ORDER BY created_at DESC, exec_id DESC LIMIT {limit:d}"
        rest = "".join(f" AND {condition}" for condition in conditions)
        arms = [
            f"SELECT {_names(WORKFLOW_COLUMNS)} FROM workflow_states WHERE status = '{status}'{rest}"
            for status in statuses
        ]
        if self._sorts_arms and len(arms) > 1:
            arms = [f"({arm} {ending})" for arm in arms]
        return self._text(f"{' UNION ALL '.join(arms)} {ending}")

    def listing_of_parent(self, statuses: Collection[Status], conditions: Sequence[str], limit: int) -> str:
        """Return the query of one page of the executions that one other started: a single walk along their index.

        Args:
            statuses: The wanted ones, at least one.
            conditions: What else must hold, with parameters.
            limit: How many rows, literally as in :meth:`listing`.
        """
        # The expression keeps planners from the index by status, which knows nothing of parents.
        wanted = " AND ".join([*conditions, f"coalesce(status, '') IN ({_literals(statuses)})"])
        return self._text(
            f"SELECT {_names(WORKFLOW_COLUMNS)} FROM workflow_states WHERE {wanted} "
            f"ORDER BY created_at DESC, exec_id DESC LIMIT {limit:d}"
        )


# Literally the expression of an index, see the schema.
_ENDED_AT: Final = "CASE WHEN status IN ('SUCCESS', 'FAILED', 'TIMED_OUT', 'CANCELED') THEN updated_at END"

# The expression keeps planners from the index by execution, which would find all tasks for each container.
_IS_INSIDE: Final = "inner_task.parent_id = tree.task_exec_id AND coalesce(inner_task.exec_id, '') = ?1"

# The last condition follows from the others; without it a planner that expects a large tree reads the whole table.
# A cycle of containers, which only a fault could record, has no top, so none of it would be found: it cannot hang this.
_HIERARCHY: Final = """
WITH RECURSIVE tree (task_exec_id, depth) AS (
  SELECT top.task_exec_id, 0 FROM task_states AS top
  WHERE top.exec_id = ?1 AND (top.parent_id IS NULL OR NOT EXISTS (
    SELECT 1 FROM task_states AS container
    WHERE container.task_exec_id = top.parent_id AND container.exec_id = top.exec_id))
  UNION ALL
  SELECT inner_task.task_exec_id, tree.depth + 1 FROM tree {inside}
)
SELECT {columns}, tree.depth FROM tree JOIN task_states AS task ON task.task_exec_id = tree.task_exec_id
WHERE task.exec_id = ?1
ORDER BY tree.depth, task.created_at, task.task_exec_id
"""


def _names(columns: Sequence[str]) -> str:
    return ", ".join(columns)


def _literals(statuses: Collection[Status]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


def _insert(table: str, columns: Sequence[str], *, only_if: str | None = None) -> str:
    values = ", ".join(f"?{number}" for number in range(1, len(columns) + 1))
    source = f"VALUES ({values})" if only_if is None else f"SELECT {values} {only_if}"
    return f"INSERT INTO {table} ({_names(columns)}) {source}"


def _guarded_upsert(table: str, columns: Sequence[str], updates: str, *, only_if: str | None = None) -> str:
    # The allowed moves come from the domain's table, so there is one.
    moves = " OR ".join(
        f"({table}.status = '{current}' AND excluded.status IN ({_literals(following)}))"
        for current in Status
        if (following := [each for each in Status if may_follow(current, each)])
    )
    return (
        f"{_insert(table, columns, only_if=only_if)} ON CONFLICT ({columns[0]}) DO UPDATE SET {updates} WHERE {moves} "
        f"RETURNING {_names(columns)}"
    )


def _guarded_update(status: Status, columns: str) -> str:
    before = [current for current in Status if may_follow(current, status)]
    return (
        "UPDATE workflow_states SET status = ?1, output = ?2, error = ?3, updated_at = ?4 "
        f"WHERE exec_id = ?5 AND status IN ({_literals(before)}) RETURNING {columns}"
    )
