"""Records, and stores in memory that hold them."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from compozy.app.comparing import Side
from compozy.domain.accounts import ApiKey, User
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.payloads import Payload
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def an_execution():
    """Return a function that makes an execution that has ended; keywords override, ``at`` shifts it from noon."""

    def make(exec_id="e1", *, at=0, **changes):
        moment = NOON + timedelta(seconds=at)
        values = {
            "exec_id": exec_id,
            "workflow_id": "greet",
            "status": Status.SUCCESS,
            "input": {"name": "Ada"},
            "created_at": moment,
            "updated_at": moment,
        }
        return WorkflowState(**(values | changes))

    return make


@pytest.fixture
def a_task():
    """Return a function that makes a task run of an execution; keywords override."""

    def make(task_exec_id="t1", exec_id="e1", **changes):
        values = {
            "task_exec_id": task_exec_id,
            "task_id": "say",
            "type": TaskType.BASIC,
            "exec_id": exec_id,
            "workflow_id": "greet",
            "status": Status.SUCCESS,
            "input": {},
            "created_at": NOON,
            "updated_at": NOON,
        }
        return TaskState(**(values | changes))

    return make


@pytest.fixture
def a_user():
    """Return a function that makes a user."""
    return lambda user_id="u1": User(user_id=user_id, email=f"{user_id}@example.org", created_at=NOON)


@pytest.fixture
def a_key():
    """Return a function that makes a user's key."""
    return lambda key_id="k1", user_id="u1": ApiKey(
        key_id=key_id, user_id=user_id, fingerprint=f"of {key_id}", prefix="cpzy_", created_at=NOON
    )


@pytest.fixture
def a_payload():
    """Return a function that makes a value that is kept for an execution."""
    return lambda key="p1", exec_id="e1", content=bytes(range(256)): Payload(
        key=key, exec_id=exec_id, created_at=NOON, content=content
    )


@pytest.fixture
async def open_side():
    """Return a function that opens a store in memory with these records, as a side that is read in pages of two."""
    async with AsyncExitStack() as stack:

        async def open_side(name, *records):
            store = await stack.enter_async_context(open_store(":memory:"))
            await store.transaction(lambda here: here.archive.add(records))
            return Side(name, store, page_size=2)

        yield open_side
