"""The repositories on any SQL database: long because there are many, each of them small and read by itself."""

import builtins
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import attrs
from typing_extensions import override

from compozy.contracts.store import (
    ApiKeys,
    Archive,
    Kind,
    Page,
    Payloads,
    Record,
    TaskStates,
    Users,
    WorkflowFilter,
    WorkflowStates,
)
from compozy.domain.accounts import ApiKey, User
from compozy.domain.cursors import Position, decode_cursor, encode_cursor
from compozy.domain.errors import ConflictError, DuplicateError, InvalidError, NotFoundError, Problem
from compozy.domain.executions import Failure, Progress, TaskNode, TaskState, WorkflowState
from compozy.domain.json import Json
from compozy.domain.statuses import Status
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sql.rows import (
    Rows,
    Values,
    failure_value,
    key_value,
    optional_json_value,
    require_aware,
    text_value,
)
from compozy.drivers.sql.session import Row, SqlSession
from compozy.drivers.sql.statements import Statements
from compozy.drivers.sql.tables import TASK_COLUMNS, task_of_wide, workflow_of_wide

MAX_LIMIT: Final = 1000

_COMMON_KEY: Final = 255


class Tools:
    """What all repositories of one dialect work with.

    Args:
        dialect: How the database says it.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rows = Rows(dialect)
        self.statements = Statements(dialect)


@attrs.define(eq=False)  # not frozen, which takes twice as long to make, and each closure makes some
class _Repository:
    session: SqlSession
    tools: Tools

    async def _write(self, statement: str, parameters: Sequence[Any]) -> Sequence[Row]:
        self.session.require_writable()
        return await self.session.rows(statement, parameters)


class SqlWorkflowStates(_Repository, WorkflowStates):
    """The recorded executions within one session."""

    __slots__ = ()

    @override
    async def upsert(self, state: WorkflowState) -> WorkflowState:
        rows = self.tools.rows
        written = await self._write(self.tools.statements.upsert_workflow, rows.of_workflow(state))
        return rows.workflow(written[0]) if written else await self.get(state.exec_id)

    @override
    async def update_status(
        self, exec_id: str, status: Status, *, at: datetime, output: Json = None, error: Failure | None = None
    ) -> WorkflowState:
        values = (
            status.value,
            optional_json_value(output, "output"),
            failure_value(error),
            self.tools.dialect.moment_in(at, "at"),
            text_value(exec_id, "exec_id"),
        )
        written = await self._write(self.tools.statements.update_workflow[status], values)
        return self.tools.rows.workflow(written[0]) if written else await self.get(exec_id)

    @override
    async def get(self, exec_id: str) -> WorkflowState:
        for row in await self.session.rows(self.tools.statements.get_workflow, (text_value(exec_id, "exec_id"),)):
            return self.tools.rows.workflow(row)
        raise NotFoundError(f"there is no execution {exec_id!r}")

    @override
    async def get_with_tasks(self, exec_id: str) -> tuple[WorkflowState, Sequence[TaskState]]:
        found = await self.session.rows(self.tools.statements.get_with_tasks, (text_value(exec_id, "exec_id"),))
        return self._with_tasks(exec_id, found)

    @override
    async def get_with_task(self, exec_id: str, task_exec_id: str) -> tuple[WorkflowState, TaskState | None]:
        keys = text_value(exec_id, "exec_id"), text_value(task_exec_id, "task_exec_id")
        found = await self.session.rows(self.tools.statements.get_with_task, keys)
        execution, tasks = self._with_tasks(exec_id, found)
        return execution, tasks[0] if tasks else None

    @override
    async def list(self, where: WorkflowFilter, *, cursor: str | None = None, limit: int = 50) -> Page:
        _require_limit(limit)
        query = self._listing(where, None if cursor is None else decode_cursor(cursor), limit)
        rows = await self.session.rows(*query) if query is not None else ()
        states = [self.tools.rows.workflow(row) for row in rows]
        if len(states) <= limit:
            return Page(items=tuple(states))
        last = states[limit - 1]
        return Page(items=tuple(states[:limit]), next_cursor=encode_cursor(Position(last.created_at, last.exec_id)))

    @override
    async def unfinished(self) -> Mapping[Status, int]:
        return {Status(status): count for status, count in await self.session.rows(self.tools.statements.unfinished)}

    @override
    async def delete(self, exec_id: str) -> None:
        if not await self._write(self.tools.statements.delete_workflow, (text_value(exec_id, "exec_id"),)):
            raise NotFoundError(f"there is no execution {exec_id!r}")

    @override
    async def delete_older(self, before: datetime, *, limit: int = 500) -> int:
        _require_limit(limit)
        moment = self.tools.dialect.moment_in(before, "before")
        return len(await self._write(self.tools.statements.delete_older, (moment, limit)))

    def _with_tasks(
        self, exec_id: str, found: Sequence[Sequence[Any]]
    ) -> tuple[WorkflowState, builtins.list[TaskState]]:
        """Return what the rows of an execution and of task runs stand for, in this order."""
        if not found:
            raise NotFoundError(f"there is no execution {exec_id!r}")
        rows = self.tools.rows
        execution, *tasks = (tuple(row)[1:] for row in found)
        return rows.workflow(workflow_of_wide(execution)), [rows.task(task_of_wide(task)) for task in tasks]

    def _listing(
        self, where: WorkflowFilter, after: Position | None, limit: int
    ) -> tuple[str, builtins.list[Any]] | None:
        """Return the query of the page and, when there is one, the first item of the next; None: nothing can match."""
        statuses = [status for status in Status if where.statuses is None or status in where.statuses]
        if not statuses:
            return None
        moment = self.tools.dialect.moment_in
        conditions: builtins.list[str] = []
        parameters: builtins.list[Any] = []

        def add(condition: str, *values: Any) -> None:
            marks = [f"?{len(parameters) + number}" for number in range(1, len(values) + 1)]
            conditions.append(condition.format(*marks))
            parameters.extend(values)

        since, until = where.since, where.until
        if where.parent_exec_id is not None:
            add("parent_exec_id = {}", text_value(where.parent_exec_id, "parent_exec_id"))
        if where.workflow_id is not None:
            # As in the statement: planners are to walk along the index by parent.
            add(
                "workflow_id = {}" if where.parent_exec_id is None else "coalesce(workflow_id, '') = {}",
                text_value(where.workflow_id, "workflow_id"),
            )
        if since is not None:
            add("created_at >= {}", moment(since, "since"))
        # Of two upper bounds the lower one says it all, and a walk along an index has room for one.
        if after is not None and (until is None or after.created_at < _aware(until, "until")):
            add(
                "(created_at, exec_id) < ({}, {})",
                moment(after.created_at, "cursor"),
                text_value(after.exec_id, "cursor"),
            )
        elif until is not None:
            add("created_at < {}", moment(until, "until"))
        statements = self.tools.statements
        make = statements.listing if where.parent_exec_id is None else statements.listing_of_parent
        return make(statuses, conditions, limit + 1), parameters


class SqlTaskStates(_Repository, TaskStates):
    """The recorded task runs within one session."""

    __slots__ = ()

    @override
    async def upsert_many(self, states: Iterable[TaskState]) -> Sequence[TaskState]:
        self.session.require_writable()
        states = tuple(states)
        rows = [self.tools.rows.of_task(state) for state in states]
        if len(states) == 1 and _is_common(states[0]):
            return [await self._upsert(rows[0])]
        # Asked beforehand because the database's own error would not tell in every dialect which one is missing.
        for exec_id in dict.fromkeys(state.exec_id for state in states):
            if not await self.session.rows(self.tools.statements.refer_to_workflow, (exec_id,)):
                raise _unowned(exec_id)
        written = await self.session.many(self.tools.statements.upsert_task, rows)
        recorded = {row[0]: row for row in written}
        for state in states:  # the guard held for those that are missing
            if state.task_exec_id not in recorded:
                [recorded[state.task_exec_id]] = await self.session.rows(
                    self.tools.statements.get_task, (state.task_exec_id,)
                )
        return [self.tools.rows.task(recorded[state.task_exec_id]) for state in states]

    async def _upsert(self, row: Values) -> TaskState:
        """Write one, as nearly all calls do, with one question instead of three."""
        statements = self.tools.statements
        written = await self.session.rows(statements.upsert_owned_task, row)
        if not written:  # its execution is not there, or the guard held
            owner, task = row[TASK_COLUMNS.index("exec_id")], row[0]
            if not await self.session.rows(statements.refer_to_workflow, (owner,)):
                raise _unowned(owner)
            written = await self.session.rows(statements.get_task, (task,))
        return self.tools.rows.task(written[0])

    @override
    async def find(self, task_exec_id: str) -> TaskState | None:
        for row in await self.session.rows(self.tools.statements.get_task, (text_value(task_exec_id, "task_exec_id"),)):
            return self.tools.rows.task(row)
        return None

    @override
    async def list_by_workflow(self, exec_id: str) -> Sequence[TaskState]:
        rows = await self.session.rows(self.tools.statements.list_tasks, (text_value(exec_id, "exec_id"),))
        return [self.tools.rows.task(row) for row in rows]

    @override
    async def children(self, parent_id: str) -> Sequence[TaskState]:
        rows = await self.session.rows(self.tools.statements.children, (text_value(parent_id, "parent_id"),))
        return [self.tools.rows.task(row) for row in rows]

    @override
    async def hierarchy(self, exec_id: str) -> Sequence[TaskNode]:
        rows = await self.session.rows(self.tools.statements.hierarchy, (text_value(exec_id, "exec_id"),))
        nodes = [TaskNode(self.tools.rows.task(tuple(row)[:-1]), row[-1]) for row in rows]
        inside: dict[str | None, list[TaskNode]] = {}
        for node in nodes:
            inside.setdefault(node.task.parent_id if node.depth else None, []).append(node)
        return list(_depth_first(inside))

    @override
    async def progress(self, parent_id: str) -> Progress:
        rows = await self.session.rows(self.tools.statements.progress, (text_value(parent_id, "parent_id"),))
        return Progress(counts={Status(status): count for status, count in rows})

    @override
    async def awaiting(self, event: str, *, after: str = "", limit: int = 500) -> Sequence[str]:
        _require_limit(limit)
        values = (text_value(event, "event"), text_value(after, "after"), limit)
        return [exec_id for [exec_id] in await self.session.rows(self.tools.statements.awaiting, values)]


class SqlPayloads(_Repository, Payloads):
    """The values that are too large to travel, within one session."""

    __slots__ = ()

    @override
    async def put(self, key: str, content: bytes, *, exec_id: str, at: datetime) -> None:
        values = (
            key_value(key, "key"),
            text_value(exec_id, "exec_id"),
            self.tools.dialect.moment_in(at, "at"),
            content,
        )
        if not await self._write(self.tools.statements.refer_to_workflow, (exec_id,)):
            raise ConflictError(f"execution {exec_id!r} is not recorded: record it before its payloads")
        await self._write(self.tools.statements.insert_payload, values)

    @override
    async def find(self, key: str) -> bytes | None:
        for [content] in await self.session.rows(self.tools.statements.get_payload, (text_value(key, "key"),)):
            found: bytes = content
            return found
        return None


class SqlUsers(_Repository, Users):
    """The users within one session."""

    __slots__ = ()

    @override
    async def add(self, user: User) -> None:
        values = self.tools.rows.of_user(user)
        if not await self._write(self.tools.statements.insert[Kind.USERS], values):
            raise DuplicateError(f"there is a user with id {user.user_id!r} or email {user.email!r} already")

    @override
    async def get(self, user_id: str) -> User:
        for row in await self.session.rows(self.tools.statements.get_user, (text_value(user_id, "user_id"),)):
            return self.tools.rows.user(row)
        raise NotFoundError(f"there is no user {user_id!r}")

    @override
    async def find_by_email(self, email: str) -> User | None:
        for row in await self.session.rows(self.tools.statements.find_user, (text_value(email.lower(), "email"),)):
            return self.tools.rows.user(row)
        return None

    @override
    async def list(self) -> Sequence[User]:
        return [self.tools.rows.user(row) for row in await self.session.rows(self.tools.statements.list_users)]

    @override
    async def delete(self, user_id: str) -> None:
        if not await self._write(self.tools.statements.delete_user, (text_value(user_id, "user_id"),)):
            raise NotFoundError(f"there is no user {user_id!r}")


class SqlApiKeys(_Repository, ApiKeys):
    """The keys of users within one session."""

    __slots__ = ()

    @override
    async def add(self, key: ApiKey) -> None:
        values = self.tools.rows.of_api_key(key)
        if not await self._write(self.tools.statements.refer_to_user, (key.user_id,)):
            raise ConflictError(f"user {key.user_id!r} is not recorded: record them before their keys")
        if not await self._write(self.tools.statements.insert[Kind.API_KEYS], values):
            raise DuplicateError(f"there is a key with id {key.key_id!r} or this fingerprint already")

    @override
    async def find(self, fingerprint: str) -> ApiKey | None:
        for row in await self.session.rows(self.tools.statements.find_key, (text_value(fingerprint, "fingerprint"),)):
            return self.tools.rows.api_key(row)
        return None

    @override
    async def touch(self, key_id: str, at: datetime) -> None:
        await self._write(
            self.tools.statements.touch_key, (self.tools.dialect.moment_in(at, "at"), text_value(key_id, "key_id"))
        )

    @override
    async def revoke(self, key_id: str, at: datetime) -> ApiKey:
        values = (self.tools.dialect.moment_in(at, "at"), text_value(key_id, "key_id"))
        for row in await self._write(self.tools.statements.revoke_key, values):
            return self.tools.rows.api_key(row)
        raise NotFoundError(f"there is no key {key_id!r}")

    @override
    async def list(self, user_id: str) -> Sequence[ApiKey]:
        rows = await self.session.rows(self.tools.statements.list_keys, (text_value(user_id, "user_id"),))
        return [self.tools.rows.api_key(row) for row in rows]


class SqlArchive(_Repository, Archive):
    """Every record just as it is, within one session."""

    __slots__ = ()

    @override
    async def count(self, kind: Kind) -> int:
        [[count]] = await self.session.rows(self.tools.statements.count[kind])
        return int(count)

    @override
    async def page(self, kind: Kind, *, after: str = "", limit: int = 500) -> Sequence[Record]:
        _require_limit(limit)
        rows = self.tools.rows
        makers: Mapping[Kind, Callable[[Row], Record]] = {
            Kind.EXECUTIONS: rows.workflow,
            Kind.TASKS: rows.task,
            Kind.USERS: rows.user,
            Kind.API_KEYS: rows.api_key,
            Kind.PAYLOADS: rows.payload,
        }
        make = makers[kind]
        return [
            make(row)
            for row in await self.session.rows(self.tools.statements.page[kind], (text_value(after, "after"), limit))
        ]

    @override
    async def add(self, records: Iterable[Record]) -> None:
        self.session.require_writable()
        rows = [self._row(record) for record in records]
        added: list[tuple[Kind, Sequence[Row]]] = []
        problem: ConflictError | InvalidError | None = None
        try:
            for kind, group in groupby(rows, key=lambda pair: pair[0]):
                values = [row for _, row in group]
                keys = await self.session.many(self.tools.statements.insert[kind], values)
                added.append((kind, [tuple(key) for key in keys]))
                if refused := Counter(row[0] for row in values) - Counter(key[0] for key in keys):
                    raise DuplicateError(f"{kind.value} {next(iter(refused))!r} is there already")
        except (ConflictError, InvalidError) as error:
            problem = error
        if problem is not None:
            # The closure may go on, so nothing of this call may stay; only its own records refer to each other.
            for kind, keys in reversed(added):
                await self.session.many(self.tools.statements.remove[kind], keys)
            raise problem

    def _row(self, record: Record) -> tuple[Kind, Values]:
        rows = self.tools.rows
        if isinstance(record, WorkflowState):
            return Kind.EXECUTIONS, rows.of_workflow(record)
        if isinstance(record, TaskState):
            return Kind.TASKS, rows.of_task(record)
        if isinstance(record, User):
            return Kind.USERS, rows.of_user(record)
        if isinstance(record, ApiKey):
            return Kind.API_KEYS, rows.of_api_key(record)
        return Kind.PAYLOADS, rows.of_payload(record)


@attrs.define(eq=False)
class SqlRepositories:
    """What a closure works on; each is made when it is asked for, because most closures need one."""

    _session: SqlSession
    _tools: Tools

    @classmethod
    def of(cls, session: SqlSession, tools: Tools) -> "SqlRepositories":
        """Return the repositories that work through a session."""
        return cls(session, tools)

    @property
    def workflows(self) -> WorkflowStates:
        """The recorded workflow executions."""
        return SqlWorkflowStates(self._session, self._tools)

    @property
    def tasks(self) -> TaskStates:
        """The recorded task runs."""
        return SqlTaskStates(self._session, self._tools)

    @property
    def payloads(self) -> Payloads:
        """Values that are too large to travel."""
        return SqlPayloads(self._session, self._tools)

    @property
    def users(self) -> Users:
        """Who may use the API."""
        return SqlUsers(self._session, self._tools)

    @property
    def api_keys(self) -> ApiKeys:
        """The keys of users."""
        return SqlApiKeys(self._session, self._tools)

    @property
    def archive(self) -> Archive:
        """Every record just as it is."""
        return SqlArchive(self._session, self._tools)


def _is_common(state: TaskState) -> bool:
    """Tell whether no database refuses the row, which without a savepoint would spoil the whole transaction."""
    # Ids are in indexes, whose entries have a limit: PostgreSQL's is 2704 bytes, and a character takes up to four.
    keys = (state.task_exec_id, state.exec_id, state.parent_id or "", state.awaits or "")
    return all(len(key) <= _COMMON_KEY for key in keys)


def _unowned(exec_id: str) -> ConflictError:
    return ConflictError(f"execution {exec_id!r} is not recorded: record it before its tasks")


def _aware(moment: datetime, key: str) -> datetime:
    require_aware(moment, key)
    return moment


def _require_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError(Problem(message=f"{limit} is not between 1 and {MAX_LIMIT}", key="limit"))


def _depth_first(inside: dict[str | None, list[TaskNode]]) -> Iterator[TaskNode]:
    waiting = list(reversed(inside.get(None, ())))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(inside.get(node.task.task_exec_id, ())))
