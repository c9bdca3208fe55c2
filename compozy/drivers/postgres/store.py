"""The PostgreSQL store: opening, closing, turns, and the way from a Trio task to the asyncio loop and back."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TypeVar

import trio
from typing_extensions import override

from compozy.bridge import AsyncioHost, HostClosedError, open_asyncio_host
from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.contracts.store import Repositories, Store, StoreStatistics
from compozy.domain.errors import UnavailableError
from compozy.drivers.postgres.connecting import Connecting
from compozy.drivers.postgres.connections import Connections, connect
from compozy.drivers.postgres.dialect import POSTGRES
from compozy.drivers.postgres.errors import TransactionConflictError
from compozy.drivers.postgres.patience import Patience
from compozy.drivers.postgres.reads import Reads
from compozy.drivers.postgres.schema import look_at_schema, prepare_schema
from compozy.drivers.postgres.transactions import Transactions
from compozy.drivers.sql.repositories import Tools
from compozy.telemetry.logger import get_logger

T = TypeVar("T")

RETRIES: Final = 12
"""How often a transaction is run again after conflicts; with the pauses between, that takes a second or two."""

CLOSE_S: Final = 10.0
"""How long closing waits for the transactions that are under way; after that their connections are closed."""

_FIRST_PAUSE_S: Final = 0.002
_LONGEST_PAUSE_S: Final = 0.25

_log: Final = get_logger(__name__)


class PostgresStore(Store):
    """A store in a PostgreSQL database; :func:`open_store` opens one.

    Transactions run side by side, each on a snapshot (``REPEATABLE READ``), as many as there are connections; others
    wait for their turn, first come, first served. One that gets in the way of another is run again, and so may be one
    that reads. A closure is carried out on the thread of the asyncio loop, with the context variables of its caller.

    Cancelling takes effect wherever a transaction is: the server is told to stop, and the connection is taken back in
    good order, or closed.

    A server that was restarted is found again with the next transaction.

    Raises:
        UnavailableError: From every method, after the store was closed.
    """

    def __init__(self, host: AsyncioHost, connecting: Connecting) -> None:
        self._host = host
        self._place = connecting.place
        tools = Tools(POSTGRES)
        patience = Patience(connecting.command_timeout.total_seconds())
        self._connections = Connections(partial(connect, connecting, patience=patience), connecting.pool_min)
        self._transactions = Transactions(self._connections, tools, self._place)
        self._reads = Reads(self._connections, self._transactions, tools, self._place)
        self._turns = trio.CapacityLimiter(connecting.pool_max)
        self._rivals = trio.Lock()
        self._is_open = True
        self._under_way = 0
        self._all_ended = trio.Event()  # since the last time that none was under way
        self._committed = 0
        self._rollbacks = 0
        self._read = 0
        self._retries = 0

    @override
    async def transaction(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        try:
            answer = await self._carry_out(partial(self._transactions.carry_out, work, writes=True))
        except Exception:
            self._rollbacks += 1
            raise
        self._committed += 1
        return answer

    @override
    async def read(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        answer = await self._carry_out(partial(self._reads.carry_out, work))
        self._read += 1
        return answer

    @override
    async def ping(self) -> None:
        async def look(repositories: Repositories) -> None:
            await repositories.tasks.find("")

        await self._carry_out(partial(self._reads.carry_out, look))

    @override
    def statistics(self) -> StoreStatistics:
        return StoreStatistics(
            driver="postgres",
            transactions=self._committed,
            rollbacks=self._rollbacks,
            reads=self._read,
            waiting=self._turns.statistics().tasks_waiting + self._rivals.statistics().tasks_waiting,
            retries=self._retries,
        )

    async def _carry_out(self, once: Callable[[], Awaitable[T]]) -> T:
        await trio.lowlevel.checkpoint_if_cancelled()
        if not self._is_open:
            raise UnavailableError(f"the store {self._place} is closed: open it again")
        if self._under_way == 0:
            self._all_ended = trio.Event()
        self._under_way += 1
        try:
            return await self._until_no_conflict(once)
        except HostClosedError as error:
            raise UnavailableError(f"the store {self._place} was closed meanwhile: open it again") from error
        finally:
            self._under_way -= 1
            if self._under_way == 0:
                self._all_ended.set()

    async def _until_no_conflict(self, once: Callable[[], Awaitable[T]]) -> T:
        with suppress(TransactionConflictError):
            return await self._in_turn(once)
        # Those that met another one go on one by one; if each tried again at once, they would only meet each other.
        async with self._rivals:
            for attempt in range(RETRIES - 1):
                self._retries += 1
                with suppress(TransactionConflictError):
                    return await self._in_turn(once)
                await trio.sleep(pause_s(attempt, random.random()))  # noqa: S311 - to drift away from other processes
            self._retries += 1
            return await self._in_turn(once)

    async def _in_turn(self, once: Callable[[], Awaitable[T]]) -> T:
        async with self._turns:
            return await self._host.call(once)

    async def _close(self) -> None:
        """Refuse new work, wait until what was asked for has ended, and close the connections."""
        self._is_open = False
        with trio.move_on_after(CLOSE_S, shield=True):
            if self._under_way:
                await self._all_ended.wait()
        with trio.move_on_after(CLOSE_S, shield=True), suppress(HostClosedError):  # its connections went with the loop
            await self._host.call(self._connections.close)


def pause_s(attempt: int, chance: float) -> float:
    """Return how long to wait before a transaction is run again.

    Args:
        attempt: How often it was run again before.
        chance: From 0 to 1; spreads those that met each other over the whole pause.

    Source:
        Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    return chance * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**attempt)


@asynccontextmanager
async def open_store(
    connecting: Connecting,
    *,
    host: AsyncioHost | None = None,
    migrations: Path | Traversable | None = None,
    auto_migrate: bool = True,
) -> AsyncIterator[PostgresStore]:
    """Open a store, and bring the schema of its database up to date.

    Example::

        async with open_store(Connecting(url="postgres://compozy@db/compozy")) as store:
            state = await store.read(lambda repositories: repositories.workflows.get(exec_id))

    Cancellation: leaving waits, shielded, until all work asked for has ended, 10 s at most; what has not ended then
    is rolled back, and its callers get an error.

    Args:
        connecting: Where the database is.
        host: The asyncio loop to work on; None means one of its own, on a thread of its own.
        migrations: Folder of the migrations; None means those that belong to this program.
        auto_migrate: Whether the schema is brought up to date; else it has to be.

    Raises:
        UnavailableError: The server cannot be reached now.
        InvalidError: A setting is wrong, or the server refuses the user or has no such database.
        ConflictError: The schema is newer than this program, was made by other migrations, or is older and may not be
            migrated.
    """
    async with _on(host) as loop:
        applied = await loop.call(partial(prepare_schema, connecting, migrations, auto_migrate=auto_migrate))
        _log_applied(applied)
        store = PostgresStore(loop, connecting)
        try:
            yield store
        finally:
            await store._close()  # noqa: SLF001, ASYNC102 - its own opener; it shields itself


async def schema_status(
    connecting: Connecting, *, host: AsyncioHost | None = None, migrations: Path | Traversable | None = None
) -> SchemaStatus:
    """Return how the schema of a database stands; nothing is changed.

    Raises:
        CompozyError: As :func:`open_store`.
    """
    async with _on(host) as loop:
        return await loop.call(look_at_schema, connecting, migrations)


async def migrate(
    connecting: Connecting, *, host: AsyncioHost | None = None, migrations: Path | Traversable | None = None
) -> Applied:
    """Bring the schema of a database up to date; what :func:`open_store` does first.

    Raises:
        CompozyError: As :func:`open_store`.
    """
    async with _on(host) as loop:
        applied = await loop.call(partial(prepare_schema, connecting, migrations, auto_migrate=True))
    _log_applied(applied)
    return applied


@asynccontextmanager
async def _on(host: AsyncioHost | None) -> AsyncIterator[AsyncioHost]:
    async with AsyncExitStack() as stack:
        if host is None:
            host = await stack.enter_async_context(open_asyncio_host("compozy-postgres"))
        yield host


def _log_applied(applied: Applied) -> None:
    _log.info(
        "schema is up to date",
        store_driver="postgres",
        version=applied.version,
        applied=applied.count,
        **{"from": applied.before, "to": applied.version},
    )
