"""What the tests of the PostgreSQL driver share: real servers, and a proxy that can hold or cut what is said."""

import secrets
import ssl
import struct
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import trio
from outcome import acapture

from compozy.domain.definitions import TaskType
from compozy.domain.errors import InvalidError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.ids import new_exec_id
from compozy.domain.statuses import Status
from compozy.drivers.postgres import Connecting, SslMode, open_store
from compozy.testing import open_postgres_server

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOST = "127.0.0.1"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@attrs.define(eq=False)
class Proxy:
    """Stands between a store and its server; what either of them says counts as one word, however long it is.

    It runs on the same Trio loop as the store's callers: a store that blocked the loop while it waits for the server
    would never get an answer.

    Attributes:
        port: Where it listens.
        words: How many were said since :meth:`hold_at`.
        held: Set when the word was said that is held.
        go_on: Set it to pass that word on.
        tls: What it speaks TLS with, on behalf of the server, which cannot; None: as the server does.
    """

    socket: Path
    port: int = 0
    words: int = 0
    stop_at: int | None = None
    held: trio.Event = attrs.Factory(trio.Event)
    go_on: trio.Event = attrs.Factory(trio.Event)
    scopes: list[trio.CancelScope] = attrs.Factory(list)
    tls: ssl.SSLContext | None = None

    def hold_at(self, number: int | None) -> None:
        """Hold the word with this number, counted from now on, until ``go_on``; None: let everything pass."""
        self.go_on.set()
        self.words, self.stop_at = 0, number
        self.held, self.go_on = trio.Event(), trio.Event()

    def cut(self) -> None:
        """Close all connections without passing anything more on."""
        for scope in self.scopes:
            scope.cancel()

    async def serve(self, client: trio.SocketStream) -> None:
        try:
            server = await trio.open_unix_socket(self.socket)
        except OSError:
            await trio.aclose_forcefully(client)
            return
        async with client, server, trio.open_nursery() as nursery:
            self.scopes.append(nursery.cancel_scope)
            near = client if self.tls is None else await self._encrypted(client)
            if near is not None:
                nursery.start_soon(self._relay, near, server, nursery.cancel_scope)
                nursery.start_soon(self._relay, server, near, nursery.cancel_scope)

    async def _encrypted(self, client: trio.SocketStream) -> trio.SSLStream | None:
        """Answer the request for TLS, and shake hands; None when the client changes its mind."""
        if await client.receive_some(8) != SSL_REQUEST:
            return None
        await client.send_all(b"S")
        stream = trio.SSLStream(client, self.tls, server_side=True, https_compatible=True)
        try:
            await stream.do_handshake()
        except trio.BrokenResourceError:
            return None
        return stream

    async def _relay(self, source: trio.abc.Stream, sink: trio.abc.Stream, scope: trio.CancelScope) -> None:
        try:
            async for chunk in source:
                self.words += 1
                if self.words == self.stop_at:
                    go_on = self.go_on
                    self.held.set()
                    await go_on.wait()
                await sink.send_all(chunk)
        except trio.BrokenResourceError:
            pass
        scope.cancel()


@pytest.fixture
def server(postgres_server):
    return postgres_server


@pytest.fixture
def victim():
    """Return a server that the test may stop, kill and start."""
    with open_postgres_server() as running:
        running.create_database("victim")
        yield running


@pytest.fixture
def no_threads():
    """Prove that no thread is left, but those that Trio keeps for reuse."""
    before = set(threading.enumerate())
    yield
    assert [t.name for t in set(threading.enumerate()) - before if not t.name.startswith("Trio thread")] == []


@pytest.fixture
def database(server, no_threads):
    """Return the name of a fresh database; at the end, prove that nobody is connected to it any more."""
    name = f"test_{secrets.token_hex(4)}"
    server.create_database(name)
    yield name
    try:
        server.run_sql(f"DROP DATABASE {name}")  # refused while somebody is connected
    except InvalidError:
        server.drop_database(name)
        raise


@pytest.fixture
def url(server, database):
    return server.url(database)


@pytest.fixture
async def store(url):
    async with open_store(Connecting(url=url)) as opened:
        yield opened


@pytest.fixture
async def proxy(server, nursery):
    """Return a proxy in front of the shared server."""
    folder = parse_qs(urlsplit(server.url()).query)["host"][0]
    made = Proxy(Path(folder) / ".s.PGSQL.5432")
    listeners = await nursery.start(partial(trio.serve_tcp, made.serve, 0, host=HOST))
    made.port = listeners[0].socket.getsockname()[1]
    return made


@pytest.fixture
def through(proxy, database):
    """Return a function that says how to reach the database through the proxy; keywords override."""

    def through(**changes) -> Connecting:
        values = {"host": HOST, "port": proxy.port, "user": "postgres", "database": database, "ssl": SslMode.DISABLE}
        return Connecting(**(values | changes))

    return through


@pytest.fixture
def sql(server, database):
    """Return a function that runs SQL with ``psql`` and returns the rows as text, without blocking Trio's loop."""

    async def sql(text: str) -> str:
        def run() -> str:
            return server.run_sql(text, database=database)

        return await trio.to_thread.run_sync(run)

    return sql


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
def a_task():
    """Return a function that makes a task run of an execution; keywords override."""

    def make(exec_id: str, **changes) -> TaskState:
        values = {
            "task_exec_id": new_exec_id(),
            "task_id": "say",
            "type": TaskType.BASIC,
            "exec_id": exec_id,
            "workflow_id": "greet",
            "status": Status.RUNNING,
            "input": {},
            "created_at": NOON,
            "updated_at": NOON,
        }
        return TaskState(**(values | changes))

    return make


@pytest.fixture
def put_pair(an_execution, a_task):
    """Return a function that makes a closure which records an execution and its task, by every kind of statement."""

    def closure(exec_id: str):
        async def work(repositories):
            await repositories.workflows.upsert(an_execution(exec_id=exec_id))
            await repositories.tasks.upsert_many([a_task(exec_id, task_exec_id=f"{exec_id}-task")])
            await repositories.workflows.update_status(exec_id, Status.RUNNING, at=NOON)

        return work

    return closure


@pytest.fixture
def recorded(sql):
    """Return a function that says, through a connection of its own, what there is of a pair: ids, sorted."""

    async def recorded() -> list[str]:
        # Waits for every transaction that wrote: the locks are exclusive.
        locks = "LOCK TABLE workflow_states, task_states IN ACCESS EXCLUSIVE MODE"
        await sql(f"BEGIN; SET lock_timeout = '10s'; {locks}")
        executions = await sql("SELECT exec_id FROM workflow_states WHERE status = 'RUNNING'")
        tasks = await sql("SELECT task_exec_id FROM task_states")
        return sorted([*executions.splitlines(), *tasks.splitlines()])

    return recorded


@pytest.fixture
def unclean(sql):
    """Return a function that lists the connections of stores that are within a transaction."""

    async def unclean() -> list[str]:
        rows = await sql(
            "SELECT state || ': ' || query FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'compozy' AND state <> 'idle'"
        )
        return rows.splitlines()

    return unclean


@pytest.fixture
def ask():
    """Return a function that makes a closure which carries SQL out on the connection of its transaction."""

    def closure(statement: str):
        async def work(repositories):
            return await repositories.workflows.session.rows(statement)

        return work

    return closure


@pytest.fixture
def sleep_for(ask):
    """Return a function that makes a closure which lets the server sleep."""
    return lambda seconds: ask(f"SELECT pg_sleep({seconds})")


@pytest.fixture
def while_cut(proxy):
    """Return a function that makes a call, cuts its connection when the proxy holds a word, and ends as the call."""

    async def while_cut(call):
        outcomes = []

        async def make_it():
            outcomes.append(await acapture(call))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(make_it)
            await proxy.held.wait()
            proxy.cut()
        proxy.hold_at(None)
        return outcomes[0].unwrap()

    return while_cut
