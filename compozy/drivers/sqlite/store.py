"""The SQLite store: opening, closing, and the way from a Trio task to a thread and back."""

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from queue import SimpleQueue
from typing import Final, TypeVar

import trio
from typing_extensions import override

from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.contracts.store import Repositories, Store, StoreStatistics
from compozy.domain.errors import UnavailableError
from compozy.drivers.sql.migrations import pending, read_migrations, require_current, schema_folder, status_of
from compozy.drivers.sqlite.connection import Place, connect_reader, connect_writer
from compozy.drivers.sqlite.desks import Desks
from compozy.drivers.sqlite.errors import translated
from compozy.drivers.sqlite.jobs import Job, Jobs
from compozy.drivers.sqlite.migrations import apply_migrations, recorded
from compozy.drivers.sqlite.reader import Reader
from compozy.drivers.sqlite.threads import serving
from compozy.drivers.sqlite.writer import Writer
from compozy.telemetry.logger import get_logger

T = TypeVar("T")

READERS: Final = 3
"""Enough that a slow listing does not hold up the short reads of the API; more only compete for the interpreter."""

_log: Final = get_logger(__name__)


class SqliteStore(Store):
    """A store in an SQLite file; :func:`open_store` opens one.

    What a transaction wrote survives the death of this process at any instant after ``transaction`` returned
    (``synchronous=NORMAL``: the operating system has it). A power loss may take the newest transactions, whole ones,
    and leaves the file sound.

    Transactions are carried out one after the other in the order they were asked for, and commit in groups. Cancelling
    takes effect at once, in the midst of a closure too: the closure goes on to its end on its thread, and is then taken
    back.

    Raises:
        UnavailableError: From every method, after the store was closed.
    """

    def __init__(self, place: Place, token: trio.lowlevel.TrioToken) -> None:
        self._place = place
        self._token = token
        self._is_open = True
        self._writes: Jobs = SimpleQueue()
        # A database in memory belongs to one connection, the writer's, so reads wait their turn among the writes.
        self._reads: Jobs | Desks = self._writes if place == ":memory:" else Desks()
        self._finished: deque[Job[object]] = deque()
        self._is_called = False
        self._transactions = 0
        self._rollbacks = 0
        self._reads_done = 0

    @override
    async def transaction(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        return await self._submit(Job(work, writes=True), self._writes)

    @override
    async def read(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        return await self._submit(Job(work, writes=False), self._reads)

    @override
    async def ping(self) -> None:
        async def look(repositories: Repositories) -> None:
            await repositories.tasks.find("")

        await self.read(look)

    @override
    def statistics(self) -> StoreStatistics:
        waiting = self._writes.qsize() if self._reads is self._writes else self._writes.qsize() + self._reads.qsize()
        return StoreStatistics(
            driver="sqlite",
            transactions=self._transactions,
            rollbacks=self._rollbacks,
            reads=self._reads_done,
            waiting=waiting,
        )

    async def _submit(self, job: Job[T], jobs: Jobs | Desks) -> T:
        # Before the job is on its way, so that a caller who is cancelled already leaves nothing behind for certain.
        await trio.lowlevel.checkpoint_if_cancelled()
        if not self._is_open:
            raise UnavailableError(f"the store {self._place} is closed: open it again")
        jobs.put(job)
        return await job.answer()

    @asynccontextmanager
    async def _opened(self, connection: sqlite3.Connection) -> AsyncIterator[None]:
        """Serve what is asked for while the body runs; afterwards refuse new work and finish what waits."""
        async with AsyncExitStack() as stack:
            for name, serve, stop in self._threads(connection):
                await stack.enter_async_context(serving(name, serve, stop))
            try:
                yield
            finally:
                self._is_open = False

    def _threads(self, connection: sqlite3.Connection) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
        """Yield name and duty of each thread, and what ends it; the writer is first to start and last to end."""
        writer = Writer(connection, str(self._place), self._writes, self._deliver)
        yield "compozy-sqlite-writer", writer.serve, partial(self._writes.put, None)
        if self._place != ":memory:" and isinstance(self._reads, Desks):
            for number in range(READERS):
                reader = Reader(self._place, self._reads, self._deliver)
                yield f"compozy-sqlite-reader-{number}", reader.serve, self._reads.close

    def _deliver(self, jobs: Sequence[Job[object]]) -> None:
        """Hand finished jobs back to the Trio thread; called on the others."""
        self._finished.extend(jobs)
        if self._is_called:
            return  # the Trio thread will find them: it withdraws the call before it looks
        self._is_called = True
        # The run can be over only if it crashed; then nobody waits any more.
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._settle)

    def _settle(self) -> None:
        self._is_called = False
        while self._finished:
            job = self._finished.popleft()
            if job.is_given_up:
                continue
            if job.ended_well:
                self._transactions += job.writes
                self._reads_done += not job.writes
            else:
                self._rollbacks += job.writes
            job.settle()


@asynccontextmanager
async def open_store(
    place: Place, *, migrations: Path | Traversable | None = None, auto_migrate: bool = True
) -> AsyncIterator[SqliteStore]:
    """Open a store, creating its file (for the owner alone) and bringing its schema up to date.

    Example::

        async with open_store(Path(".compozy/compozy.db")) as store:
            state = await store.read(lambda repositories: repositories.workflows.get(exec_id))

    Cancellation: leaving waits, shielded, until all work asked for has ended, and folds the WAL into the file.

    Args:
        place: The file, in a folder that exists; ``":memory:"`` for a store that is gone when it is closed.
        migrations: Folder of the migrations; None means those that belong to this program.
        auto_migrate: Whether the schema is brought up to date; else it has to be.

    Raises:
        UnavailableError: The file cannot be created, opened or locked now.
        InvalidError: The file is something else than a database.
        ConflictError: Its schema is newer than this program, was made by other migrations, or is older and may not be
            migrated.
    """
    # Not abandoned on cancellation: the connection must come back to be closed. SQLite gives up after 5 s.
    prepare = partial(_prepare, place, migrations, auto_migrate=auto_migrate)
    connection, applied = await trio.to_thread.run_sync(prepare, limiter=trio.CapacityLimiter(1))
    log_applied(applied)
    store = SqliteStore(place, trio.lowlevel.current_trio_token())
    async with store._opened(connection):  # noqa: SLF001 - its own opener
        yield store


async def schema_status(path: Path, *, migrations: Path | Traversable | None = None) -> SchemaStatus:
    """Return how the schema of a file stands; nothing is created or changed.

    Raises:
        UnavailableError: The file cannot be opened now.
        InvalidError: It is something else than a database.
        ConflictError: Its schema is newer than this program, or was made by other migrations.
    """
    return await trio.to_thread.run_sync(_look, path, migrations, limiter=trio.CapacityLimiter(1))


async def migrate(path: Path, *, migrations: Path | Traversable | None = None) -> Applied:
    """Bring the schema of a file up to date, creating the file when it is absent; what :func:`open_store` does first.

    Raises:
        CompozyError: As :func:`open_store`.
    """

    def work() -> Applied:
        connection, applied = _prepare(path, migrations, auto_migrate=True)
        connection.close()
        return applied

    applied = await trio.to_thread.run_sync(work, limiter=trio.CapacityLimiter(1))
    log_applied(applied)
    return applied


def log_applied(applied: Applied) -> None:
    """Log which schema the file has now."""
    _log.info(
        "schema is up to date",
        store_driver="sqlite",
        version=applied.version,
        applied=applied.count,
        **{"from": applied.before, "to": applied.version},
        **({"backup": applied.backup} if applied.backup else {}),
    )


def _prepare(
    place: Place, folder: Path | Traversable | None, *, auto_migrate: bool
) -> tuple[sqlite3.Connection, Applied]:
    known = read_migrations(folder or schema_folder("sqlite"))
    connection = connect_writer(place)
    try:
        with translated(str(place)):
            if not auto_migrate:
                require_current(pending(recorded(connection), known, str(place)), str(place))
            return connection, apply_migrations(connection, known, place)
    except BaseException:
        connection.close()
        raise


def _look(path: Path, folder: Path | Traversable | None) -> SchemaStatus:
    known = read_migrations(folder or schema_folder("sqlite"))
    if not path.exists():
        return status_of([], known, driver="sqlite", place=str(path))
    with closing(connect_reader(path)) as connection, translated(str(path)):
        return status_of(recorded(connection), known, driver="sqlite", place=str(path))
