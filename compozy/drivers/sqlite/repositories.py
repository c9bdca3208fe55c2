"""The repositories on SQLite: async in name, never suspending in fact."""

import builtins
from collections.abc import Iterable, Sequence
from typing import Final

import attrs
from typing_extensions import override

from compozy.contracts.store import Page, TaskStates, WorkflowFilter, WorkflowStates
from compozy.domain.cursors import Position, decode_cursor, encode_cursor
from compozy.domain.errors import ConflictError, InvalidError, NotFoundError, Problem
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import statements
from compozy.drivers.sqlite.records import (
    moment_text,
    task_row,
    task_state,
    workflow_row,
    workflow_state,
)
from compozy.drivers.sqlite.session import Session

MAX_LIMIT: Final = 1000


@attrs.frozen
class SqliteWorkflowStates(WorkflowStates):
    """The recorded executions within one session."""

    _session: Session

    @override
    async def upsert(self, state: WorkflowState) -> WorkflowState:
        self._session.require_writable()
        written = self._session.rows(statements.UPSERT_WORKFLOW[state.status], workflow_row(state))
        return workflow_state(written[0]) if written else await self.get(state.exec_id)

    @override
    async def get(self, exec_id: str) -> WorkflowState:
        for row in self._session.rows(statements.GET_WORKFLOW, (exec_id,)):
            return workflow_state(row)
        raise NotFoundError(f"there is no execution {exec_id!r}")

    @override
    async def list(self, where: WorkflowFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidError(Problem(message=f"{limit} is not between 1 and {MAX_LIMIT}", key="limit"))
        position = None if cursor is None else decode_cursor(cursor)
        statuses = [status for status in Status if where.statuses is None or status in where.statuses]
        states = self._page(statuses, where.workflow_id, position, limit) if statuses else []
        if len(states) <= limit:
            return Page(items=tuple(states))
        last = states[limit - 1]
        return Page(items=tuple(states[:limit]), next_cursor=encode_cursor(Position(last.created_at, last.exec_id)))

    def _page(
        self, statuses: builtins.list[Status], workflow_id: str | None, position: Position | None, limit: int
    ) -> builtins.list[WorkflowState]:
        """Return the items of the page and, when there is one, the first of the next."""
        parameters = {"workflow_id": workflow_id, "limit": limit + 1, "created_at": None, "exec_id": None}
        if position is not None:
            parameters["created_at"] = moment_text(position.created_at, "cursor")
            parameters["exec_id"] = position.exec_id
        query = statements.listing(statuses, by_workflow=workflow_id is not None, after_position=position is not None)
        return [workflow_state(row) for row in self._session.rows(query, parameters)]


@attrs.frozen
class SqliteTaskStates(TaskStates):
    """The recorded task runs within one session."""

    _session: Session

    @override
    async def upsert_many(self, states: Iterable[TaskState]) -> Sequence[TaskState]:
        self._session.require_writable()
        states = list(states)
        # Asked beforehand because SQLite's own error does not tell which execution is missing.
        for exec_id in dict.fromkeys(state.exec_id for state in states):
            if not self._session.rows(statements.HAS_WORKFLOW, (exec_id,)):
                raise ConflictError(f"execution {exec_id!r} is not recorded: record it before its tasks")
        with self._session.all_or_nothing():
            return [self._upsert(state) for state in states]

    @override
    async def find(self, task_exec_id: str) -> TaskState | None:
        for row in self._session.rows(statements.GET_TASK, (task_exec_id,)):
            return task_state(row)
        return None

    @override
    async def list_by_workflow(self, exec_id: str) -> Sequence[TaskState]:
        return [task_state(row) for row in self._session.rows(statements.LIST_TASKS, (exec_id,))]

    def _upsert(self, state: TaskState) -> TaskState:
        written = self._session.rows(statements.UPSERT_TASK[state.status], task_row(state))
        [row] = written or self._session.rows(statements.GET_TASK, (state.task_exec_id,))
        return task_state(row)


@attrs.frozen
class SqliteRepositories:
    """What a closure works on."""

    workflows: SqliteWorkflowStates
    tasks: SqliteTaskStates

    @classmethod
    def of(cls, session: Session) -> "SqliteRepositories":
        """Return the repositories that work through ``session``."""
        return cls(SqliteWorkflowStates(session), SqliteTaskStates(session))
