"""Every store driver, behind one fixture; the suite beside this file never asks which one it has."""

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compozy.contracts.store import Store
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store

DURABLE = {"sqlite": lambda folder: open_store(folder / "compozy.db")}
"""Drivers whose records outlive the store that wrote them: name to opener of the store that belongs to a folder."""

DRIVERS = DURABLE | {"sqlite-memory": lambda _folder: open_store(":memory:")}

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)

Opener = Callable[[], AbstractAsyncContextManager[Store]]


def _open_files(folder: Path) -> list[str]:
    """Return which files of the folder this process holds open; nothing where the system does not tell."""
    descriptors = Path("/proc/self/fd")
    links = [entry for entry in descriptors.iterdir() if entry.is_symlink()] if descriptors.exists() else []
    return [target for target in map(str, map(Path.readlink, links)) if target.startswith(str(folder))]


def _threads() -> list[str]:
    """Return the live threads, without Trio's own pool, which keeps idle ones for reuse."""
    return [thread.name for thread in threading.enumerate() if not thread.name.startswith("Trio thread")]


@pytest.fixture
def no_leaks(tmp_path):
    """Prove that the test leaves no thread and no open file of its folder behind."""
    before = _threads()
    yield
    assert _threads() == before
    assert _open_files(tmp_path) == []


@pytest.fixture(params=sorted(DRIVERS))
def open_driver(request, tmp_path, no_leaks) -> Opener:
    return lambda: DRIVERS[request.param](tmp_path)


@pytest.fixture(params=sorted(DURABLE))
def open_durable(request, tmp_path, no_leaks) -> Opener:
    return lambda: DURABLE[request.param](tmp_path)


@pytest.fixture
async def store(open_driver):
    async with open_driver() as opened:
        yield opened


@pytest.fixture
def an_execution():
    """Return a function that makes a state; keywords override, ``at`` shifts it from noon by seconds."""

    def make(*, at: float = 0, **changes) -> WorkflowState:
        moment = NOON + timedelta(seconds=at)
        values = {
            "exec_id": new_exec_id(),
            "workflow_id": "greet",
            "status": Status.PENDING,
            "input": {"name": "Ada"},
            "created_at": moment,
            "updated_at": moment,
        }
        return WorkflowState(**(values | changes))

    return make


@pytest.fixture
def a_task():
    """Return a function that makes a task run of an execution; keywords override, ``at`` shifts it from noon."""

    def make(exec_id: str, *, at: float = 0, **changes) -> TaskState:
        moment = NOON + timedelta(seconds=at)
        values = {
            "task_exec_id": new_exec_id(),
            "task_id": "say",
            "type": TaskType.BASIC,
            "exec_id": exec_id,
            "workflow_id": "greet",
            "status": Status.RUNNING,
            "input": {"text": "hello"},
            "created_at": moment,
            "updated_at": moment,
        }
        return TaskState(**(values | changes))

    return make


@pytest.fixture
def put(store):
    """Return a function that records executions in one transaction and returns what is recorded then."""

    async def put(*states: WorkflowState) -> list[WorkflowState]:
        async def work(repositories):
            return [await repositories.workflows.upsert(state) for state in states]

        return await store.transaction(work)

    return put


@pytest.fixture
def put_tasks(store):
    """Return a function that records task runs in one transaction and returns what is recorded then."""

    async def put_tasks(*states: TaskState) -> list[TaskState]:
        return list(await store.transaction(lambda repositories: repositories.tasks.upsert_many(states)))

    return put_tasks


@pytest.fixture
def get(store):
    """Return a function that reads one execution."""

    async def get(exec_id: str) -> WorkflowState:
        return await store.read(lambda repositories: repositories.workflows.get(exec_id))

    return get
