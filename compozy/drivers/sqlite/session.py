"""Sessions: what one closure may do on a connection, and how it is carried out on a thread without an event loop.

A closure is a coroutine function because its contract serves drivers that wait for a network. Here nothing waits: the
repositories are ``async`` in name only, so one ``send`` carries a closure from its beginning to its end.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import CoroutineType
from typing import Any, Final, TypeVar

from typing_extensions import override

from compozy.domain.errors import UnavailableError
from compozy.drivers.sql.session import Row, SqlSession
from compozy.drivers.sqlite.errors import RAISED, translate

T = TypeVar("T")

_RULE: Final = "a closure of the store awaits the repositories and nothing else: fetch and compute before or after it"


class Session(SqlSession):
    """A connection as one closure sees it.

    Once the database has failed, every later statement fails too: SQLite may have rolled back by itself, and what
    followed would be committed on its own.

    Args:
        connection: Within a transaction.
        place: The database as the user knows it.
        writable: Whether the closure may write.

    Attributes:
        failure: What SQLite said when the database failed; None while it works.
    """

    __slots__ = ("_connection", "_is_open", "_place", "_writable", "failure")

    def __init__(self, connection: sqlite3.Connection, place: str, *, writable: bool) -> None:
        self.failure: Exception | None = None
        self._connection = connection
        self._place = place
        self._writable = writable
        self._is_open = True

    @override
    async def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        return self._rows(statement, parameters)

    @override
    async def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> Sequence[Row]:
        with self._all_or_nothing():
            return [written for row in rows for written in self._rows(statement, row)]

    def _rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        if not self._is_open:
            raise RuntimeError("the repositories are valid only while their closure runs: return values, not them")
        if self.failure is not None:
            raise translate(self.failure, self._place) from self.failure
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except RAISED as error:
            meaning = translate(error, self._place)
            if isinstance(meaning, UnavailableError):
                self.failure = error
            if meaning is error:
                raise
            raise meaning from error

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._rows("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.failure is None:  # otherwise the whole transaction is lost anyway
                self._rows("ROLLBACK TO part")
                self._rows("RELEASE part")
            raise
        self._rows("RELEASE part")

    @override
    def require_writable(self) -> None:
        if not self._writable:
            raise RuntimeError("a closure of Store.read only reads: use Store.transaction to write")

    def end(self) -> None:
        """Refuse every later statement."""
        self._is_open = False


def drive(work: Callable[..., Awaitable[T]], repositories: object) -> T:
    """Run a closure to its end on the calling thread and return what it returns.

    Raises:
        RuntimeError: It awaits something that suspends.
    """
    try:
        return _carry_out(work(repositories))
    except RuntimeError as error:
        # Some of Trio's functions look for the run before they suspend, and there is none on this thread.
        if str(error) == "must be called from async context":
            raise RuntimeError(_RULE) from error
        raise


def _carry_out(awaitable: Awaitable[T]) -> T:
    coroutine = awaitable if isinstance(awaitable, CoroutineType) else _awaiting(awaitable)
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        coroutine.close()
    raise RuntimeError(_RULE)


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable
