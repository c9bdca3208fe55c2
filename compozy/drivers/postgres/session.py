"""Sessions: what one closure may do on a connection that is within a transaction. Lives on the asyncio loop."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from asyncpg import exceptions as pg
from typing_extensions import override

from compozy.domain.errors import CompozyError, UnavailableError
from compozy.drivers.postgres.connections import Connection
from compozy.drivers.postgres.errors import RAISED, is_from_client, translate
from compozy.drivers.sql.session import Row, SqlSession

T = TypeVar("T")

BATCH_BYTES: Final = 48 * 1024
"""About how much of :meth:`PostgresSession.many` is on its way at once.

asyncpg writes up to 128 KiB in one go, and waits for the network before it goes on; a cancellation that arrives in
that wait is lost, and the call hangs. A batch of this size, of which the last row may be of any, is written in one go.
"""

_SAVE: Final = "SAVEPOINT part"
_SAVE_AGAIN: Final = "RELEASE SAVEPOINT part; SAVEPOINT part"
_TAKE_BACK: Final = "ROLLBACK TO SAVEPOINT part"
_ROW_BYTES: Final = 256  # what the protocol and the short columns take


class PostgresSession(SqlSession):
    """A connection as one closure sees it.

    PostgreSQL refuses everything after an error until the transaction is rolled back, so every later call fails too,
    and whatever the closure makes of it, the transaction must not be committed: :meth:`require_intact`.

    Args:
        connection: Within a transaction.
        place: The database as the user knows it.
        writable: Whether the closure may write.

    Attributes:
        failure: What spoiled the transaction; None while it can be committed.
    """

    def __init__(self, connection: Connection, place: str, *, writable: bool) -> None:
        self.failure: BaseException | None = None
        self._connection = connection
        self._place = place
        self._writable = writable
        self._is_open = True
        self._save = _SAVE

    @override
    async def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        return await self._ask(self._connection.fetch, statement, *parameters)

    @override
    async def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> Sequence[Row]:
        await self._ask(self._connection.execute, self._save)
        # The commit releases the last one; that saves a round trip.
        self._save = _SAVE_AGAIN
        written: list[Row] = []
        try:
            for batch in in_batches(rows):
                written += await self._ask(self._connection.fetchmany, statement, batch)
        except CompozyError as error:
            if not isinstance(error, UnavailableError):
                self.failure = None
                await self._ask(self._connection.execute, _TAKE_BACK)  # noqa: ASYNC120 - a cancellation counts for more
            raise
        return written

    @override
    def require_writable(self) -> None:
        if not self._writable:
            raise RuntimeError("a closure of Store.read only reads: use Store.transaction to write")

    def require_intact(self) -> None:
        """Return when the transaction can be committed.

        Raises:
            BaseException: What spoiled it.
        """
        if self.failure is not None:
            raise translate(self.failure, self._place)

    def end(self) -> None:
        """Refuse every later call."""
        self._is_open = False

    async def _ask(self, ask: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        if not self._is_open:
            raise RuntimeError("the repositories are valid only while their closure runs: return values, not them")
        self.require_intact()
        try:
            return await ask(*arguments)
        except RAISED as error:
            if not (isinstance(error, pg.DataError) and is_from_client(error)):  # else it was not even sent
                self.failure = error
            meaning = translate(error, self._place)
            if meaning is error:
                raise
            raise meaning from error
        except BaseException as error:
            self.failure = error  # cancelled; a closure that goes on all the same must not be committed
            raise


def in_batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Yield the rows in lists of about :data:`BATCH_BYTES`, of which the last row may be of any size."""
    batch: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += _ROW_BYTES + sum(len(value) for value in row if isinstance(value, str | bytes))
        if size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
