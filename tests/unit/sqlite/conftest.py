"""What the tests of the SQLite driver share."""

import resource
from datetime import UTC, datetime

import pytest

from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "compozy.db"


@pytest.fixture
async def store(path):
    async with open_store(path) as opened:
        yield opened


@pytest.fixture
def an_execution():
    """Return a function that makes a state; keywords override."""

    def make(**changes) -> WorkflowState:
        values = {
            "exec_id": new_exec_id(),
            "workflow_id": "greet",
            "status": Status.PENDING,
            "input": {},
            "created_at": NOON,
            "updated_at": NOON,
        }
        return WorkflowState(**(values | changes))

    return make


@pytest.fixture
def a_task_of():
    """Return a function that makes a task run of an execution, with the same values; keywords override."""

    def make(state: WorkflowState, **changes) -> TaskState:
        common = ("exec_id", "workflow_id", "status", "input", "created_at", "updated_at")
        values = {"task_exec_id": new_exec_id(), "task_id": "say", "type": TaskType.BASIC}
        return TaskState(**(values | {name: getattr(state, name) for name in common} | changes))

    return make


@pytest.fixture
def upsert():
    """Return a function that makes a closure which records states."""

    def closure(*states):
        async def work(repositories):
            return [await repositories.workflows.upsert(state) for state in states]

        return work

    return closure


@pytest.fixture
def recorded_ids():
    """Return a function that reads, through a connection of its own, which executions are recorded."""

    def recorded_ids(connection):
        return {exec_id for (exec_id,) in connection.execute("SELECT exec_id FROM workflow_states")}

    return recorded_ids


@pytest.fixture
def file_size_limit():
    """Return a function that sets how many bytes a file of this process may have, None: as many as before.

    A full disk that needs no disk; SQLite hears of it as it hears of any failed write.
    """
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (before if size_bytes is None else size_bytes, most))

    yield limit
    limit(None)
