"""Every store driver, behind one fixture; the suite beside this file never asks which one it has."""

import asyncio
import gc
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import attrs
import pytest
import trio

from compozy.contracts.store import Store
from compozy.domain.accounts import ApiKey, Role, User
from compozy.domain.definitions import TaskType
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.payloads import Payload
from compozy.domain.statuses import Status
from compozy.drivers import postgres, sqlite

Opener = Callable[[], AbstractAsyncContextManager[Store]]


Hold = Callable[[], Callable[[], object]]


@attrs.frozen
class Driver:
    """A driver with a place of its own for one test.

    Attributes:
        open: Opens the store that belongs to the place.
        hold: Takes, as somebody else, what every transaction needs; returns what lets go of it.
        is_durable: Whether its records outlive the store that wrote them.
    """

    open: Opener
    hold: Hold
    is_durable: bool = True


def _sqlite(request) -> Driver:
    path = request.getfixturevalue("tmp_path") / "compozy.db"

    def hold():
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        return connection.close

    return Driver(lambda: sqlite.open_store(path), hold)


def _postgres(request) -> Driver:
    janitor = request.getfixturevalue("clean_database")
    connecting = postgres.Connecting(url=janitor.url)
    return Driver(lambda: postgres.open_store(connecting), janitor.hold)


def _memory(_) -> Driver:
    return Driver(lambda: sqlite.open_store(":memory:"), lambda: pytest.fail("no way in"), is_durable=False)


DURABLE = {"sqlite": _sqlite, "postgres": _postgres}
"""Drivers whose records outlive the store that wrote them, by name."""

DRIVERS = DURABLE | {"sqlite-memory": _memory}

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)

GOODBYE_S = 5
"""How long PostgreSQL may take to notice that connections were closed."""


class Janitor:
    """A connection of its own to a PostgreSQL database, for what happens between tests.

    All tests share the database, because to make one takes longer than most tests.
    """

    def __init__(self, url):
        self.url = url
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(asyncpg.connect(url))

    def others(self) -> list[str]:
        """Return what the other connections do, after those that were closed had time to go."""
        return self._runner.run(self._others())

    def clean(self):
        """Delete every record; faster than TRUNCATE where there are few."""
        self._runner.run(self._connection.execute("DELETE FROM workflow_states; DELETE FROM users"))

    def hold(self):
        """Keep everybody else from the executions; return what lets go of them."""
        self._runner.run(self._connection.execute("BEGIN; LOCK TABLE workflow_states"))
        return self.let_go

    def let_go(self):
        """Let go of what is held, if anything."""
        if self._connection.is_in_transaction():
            self._runner.run(self._connection.execute("ROLLBACK"))

    def close(self):
        self._runner.run(self._connection.close())
        self._runner.close()

    async def _others(self):
        query = (
            "SELECT concat_ws(': ', application_name, state, query) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        deadline = asyncio.get_running_loop().time() + GOODBYE_S
        # There is no event for the end of a process of the server's.
        while (rows := await self._connection.fetch(query)) and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.002)
        return [row[0] for row in rows]


@pytest.fixture(scope="session")
def janitor(postgres_server):
    """Keep a database that has our schema and no records."""
    postgres_server.create_database("stores")
    # It looks for a deadlock only after a second of waiting, and some tests make many.
    postgres_server.run_sql("ALTER DATABASE stores SET deadlock_timeout = '10ms'")
    url = postgres_server.url("stores")
    trio.run(postgres.migrate, postgres.Connecting(url=url))
    janitor = Janitor(url)
    # Each store collects garbage when its asyncio loop ends, which would take 50 ms with all that pytest has in memory.
    gc.collect()
    gc.freeze()
    yield janitor
    gc.unfreeze()
    janitor.close()


@pytest.fixture
def clean_database(janitor):
    """Yield the keeper of a PostgreSQL database without records; at the end nobody else may be connected to it."""
    yield janitor
    janitor.let_go()
    others = janitor.others()
    janitor.clean()
    assert others == []


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
def driver(request, no_leaks) -> Driver:
    return DRIVERS[request.param](request)


@pytest.fixture(params=sorted(DURABLE))
def durable(request, no_leaks) -> Driver:
    return DURABLE[request.param](request)


@pytest.fixture
def open_driver(driver) -> Opener:
    return driver.open


@pytest.fixture
def open_durable(durable) -> Opener:
    return durable.open


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
def a_user():
    """Return a function that makes a user; keywords override, ``at`` shifts it from noon by seconds."""

    def make(*, at: float = 0, **changes) -> User:
        user_id = new_exec_id()
        moment = NOON + timedelta(seconds=at)
        values = {"user_id": user_id, "email": f"{user_id}@example.org", "role": Role.USER, "created_at": moment}
        return User(**(values | changes))

    return make


@pytest.fixture
def a_key():
    """Return a function that makes a key of a user; keywords override, ``at`` shifts it from noon by seconds."""

    def make(user_id: str, *, at: float = 0, **changes) -> ApiKey:
        key_id = new_exec_id()
        values = {
            "key_id": key_id,
            "user_id": user_id,
            "fingerprint": f"fingerprint of {key_id}",
            "prefix": "cpzy_abcdef",
            "created_at": NOON + timedelta(seconds=at),
        }
        return ApiKey(**(values | changes))

    return make


@pytest.fixture
def a_payload():
    """Return a function that makes a payload of an execution; keywords override."""

    def make(exec_id: str, **changes) -> Payload:
        values = {"key": new_exec_id(), "exec_id": exec_id, "created_at": NOON, "content": bytes(range(256))}
        return Payload(**(values | changes))

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


@pytest.fixture
def put_accounts(store):
    """Return a function that records users and keys in one transaction."""

    async def put_accounts(*accounts: User | ApiKey) -> None:
        async def work(repositories):
            for account in accounts:
                repository = repositories.users if isinstance(account, User) else repositories.api_keys
                await repository.add(account)

        await store.transaction(work)

    return put_accounts
