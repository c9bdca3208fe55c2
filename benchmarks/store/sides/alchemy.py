"""SQLAlchemy's core on asyncio, on aiosqlite and on asyncpg: the same tables, in its own language."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typing_extensions import override

from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.sqlite.dialect import SQLITE, moment_text
from sides.bare_asyncpg import POOL
from sides.client import Side
from sides.loops import run, together
from sides.measures import jobs
from sides.preparing import is_postgres
from sides.raw import PRAGMAS
from sides.statements import Known


class _Moment(sa.TypeDecorator[datetime]):
    """A moment, in SQLite as text."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @override
    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return sa.String() if dialect.name == "sqlite" else self.impl

    @override
    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else moment_text(value, "")

    @override
    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        return value if value is None or dialect.name != "sqlite" else datetime.fromisoformat(value)


_JSON: Final = sa.JSON(none_as_null=True)
_METADATA: Final = sa.MetaData()
_STATE: Final = (
    ("status", sa.String),
    ("input", _JSON),
    ("output", _JSON),
    ("error", _JSON),
    ("created_at", _Moment),
    ("updated_at", _Moment),
)
_WORKFLOWS: Final = sa.Table(
    "workflow_states",
    _METADATA,
    sa.Column("exec_id", sa.String, primary_key=True),
    *(sa.Column(name, sa.String) for name in ("workflow_id", "parent_exec_id")),
    *(sa.Column(name, kind) for name, kind in _STATE),
)
_TASKS: Final = sa.Table(
    "task_states",
    _METADATA,
    sa.Column("task_exec_id", sa.String, primary_key=True),
    *(sa.Column(name, sa.String) for name in ("task_id", "type", "exec_id", "workflow_id", "parent_id")),
    sa.Column("attempt", sa.BigInteger),
    *(sa.Column(name, kind) for name, kind in _STATE),
)
_NEWS: Final = ("status", "output", "error", "updated_at")
_KNOWN: Final = Known(SQLITE)
_GET: Final = sa.select(_WORKFLOWS).where(_WORKFLOWS.c.exec_id == sa.bindparam("wanted"))


class _Client:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._upsert_workflow = _upsert(engine, _WORKFLOWS, _KNOWN.write)
        self._upsert_task = _upsert(engine, _TASKS, _KNOWN.write_task)

    async def read(self, exec_id: str) -> WorkflowState:
        async with self._engine.connect() as connection:
            return _workflow((await connection.execute(_GET, {"wanted": exec_id})).mappings().one())

    async def write(self, state: WorkflowState) -> WorkflowState:
        async with self._engine.begin() as connection:
            written = await connection.execute(self._upsert_workflow, _values(state, _WORKFLOWS))
            return _workflow(written.mappings().one())

    async def write_tasks(self, states: Sequence[TaskState]) -> Sequence[TaskState]:
        async with self._engine.begin() as connection:
            rows = [_values(state, _TASKS) for state in states]
            return [_task(row) for row in (await connection.execute(self._upsert_task, rows)).mappings()]


def _upsert(engine: AsyncEngine, table: sa.Table, statement: str) -> Any:
    """Return an upsert with the guard of a statement of the store: one of its own could not take many rows."""
    insert: Any = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert(table)
    guard = sa.text(statement.partition(" WHERE ")[2].partition(" RETURNING ")[0])
    news = {name: insert.excluded[name] for name in _NEWS}
    upsert = insert.on_conflict_do_update(index_elements=table.primary_key, set_=news, where=guard)
    return upsert.returning(table)


def _values(state: WorkflowState | TaskState, table: sa.Table) -> dict[str, Any]:
    return {name: getattr(state, name) for name in table.c.keys()}  # noqa: SIM118 - not a dict


def _workflow(row: Any) -> WorkflowState:
    return WorkflowState(**{**row, "status": Status(row["status"])})


def _task(row: Any) -> TaskState:
    return TaskState(**{**row, "status": Status(row["status"]), "type": TaskType(row["type"])})


@asynccontextmanager
async def _open(place: str) -> AsyncIterator[_Client]:
    engine = _postgres(place) if is_postgres(place) else _sqlite(place)
    try:
        yield _Client(engine)
    finally:
        await engine.dispose()


def _postgres(url: str) -> AsyncEngine:
    name = url.replace("postgresql:", "postgresql+asyncpg:", 1)
    settings = {"server_settings": {"jit": "off"}}
    return create_async_engine(
        name, isolation_level="REPEATABLE READ", pool_size=POOL, max_overflow=0, connect_args=settings
    )


def _sqlite(path: str) -> AsyncEngine:
    # With more connections, those that write would wait for each other by trying again and again.
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


JOBS: Final = jobs(Side(run, _open, together))
