"""What the tests of the SQLite driver share."""

from datetime import UTC, datetime

import attrs
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
        values = {"task_exec_id": new_exec_id(), "task_id": "say", "type": TaskType.BASIC}
        return TaskState(**(values | {"exec_id": state.exec_id, "workflow_id": state.workflow_id, "created_at": state.created_at, "updated_at": state.updated_at} | changes))

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
