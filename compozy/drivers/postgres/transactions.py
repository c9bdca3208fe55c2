"""Transactions: how a closure is carried out, from BEGIN to COMMIT. Lives on the asyncio loop.

However it ends, by an error, by the loss of the server, or cancelled anywhere, the connection is either in no
transaction and kept, or closed.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import attrs

from compozy.contracts.store import Repositories
from compozy.domain.errors import UnavailableError
from compozy.drivers.postgres.connections import Connection, Connections
from compozy.drivers.postgres.errors import RAISED, is_conflict, is_from_client, translated
from compozy.drivers.postgres.session import PostgresSession
from compozy.drivers.sql.repositories import SqlRepositories, Tools

T = TypeVar("T")

CLEAN_UP_S: Final = 2.0
"""How long a server may take to roll back; after that the connection is closed, which has the same effect."""

_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ"


@attrs.frozen(eq=False)
class Transactions:
    """Carries out closures, each on a connection of its own.

    Args:
        connections: Where it takes them from.
        tools: What the repositories work with.
        place: The database as the user knows it.
    """

    _connections: Connections
    _tools: Tools
    _place: str

    async def carry_out(self, work: Callable[[Repositories], Awaitable[T]], *, writes: bool) -> T:
        """Run a closure in a transaction, commit, and return what it returned.

        Args:
            work: The closure.
            writes: Whether it may write.

        Raises:
            BaseException: What the closure raised; nothing was changed.
            TransactionConflictError: It should be run again; nothing was changed.
            UnavailableError: The database cannot be used now; nothing was changed, unless it was lost at the commit.
        """
        connection = await self._begin(_BEGIN if writes else f"{_BEGIN} READ ONLY")
        session = PostgresSession(connection, self._place, writable=writes)
        try:
            answer = await work(SqlRepositories.of(session, self._tools))
            session.require_intact()
            await self._commit(connection)
        except BaseException as error:
            await self.take_back(connection)  # noqa: ASYNC102 - on asyncio, with a deadline of its own
            if isinstance(error, Exception) and is_conflict(session.failure):
                session.require_intact()  # whatever the closure made of it
            raise
        finally:
            session.end()
        self._connections.give_back(connection)
        return answer

    async def take_back(self, connection: Connection) -> None:
        """Roll back, and keep the connection; or close it, when that cannot be done soon."""
        try:
            await connection.execute("ROLLBACK", timeout=CLEAN_UP_S)
        except RAISED:
            self._connections.discard(connection)
        except BaseException:
            self._connections.discard(connection)
            raise
        else:
            self._connections.give_back(connection)

    async def _begin(self, statement: str) -> Connection:
        """Return a connection within a transaction: one that is open, or a new one if that turns out to be dead."""
        with translated(self._place):
            connection = self._connections.take_idle()
            if connection is not None:
                try:
                    return await self._begun(connection, statement)
                except RAISED as error:
                    if not is_found_dead(connection, error):
                        raise
            return await self._begun(await self._connections.make(), statement)

    async def _begun(self, connection: Connection, statement: str) -> Connection:
        try:
            await connection.execute(statement)
        except BaseException:
            await self.take_back(connection)  # noqa: ASYNC102 - on asyncio, with a deadline of its own
            raise
        return connection

    async def _commit(self, connection: Connection) -> None:
        with translated(self._place):
            try:
                tag = await connection.execute("COMMIT")
            except RAISED as error:
                if connection.is_closed() or is_from_client(error):
                    raise UnavailableError(
                        f"the connection to {self._place} was lost during a commit, so the transaction is there as a "
                        "whole or not at all: look before you repeat what must not happen twice"
                    ) from error
                raise
        if tag != "COMMIT":
            raise RuntimeError(f"a transaction that was thought to be sound was not committed: {tag}")


def is_found_dead(connection: Connection, error: BaseException | None) -> bool:
    """Tell whether a connection was lost while nobody used it, so that another one is worth a try at once.

    One that was kept: the server lives, and means what it said. A timeout: the next would only wait as long again.

    Args:
        connection: That was open before, as far as anybody knew.
        error: What its first use has come to.
    """
    return connection.is_closed() and not isinstance(error, TimeoutError)
