"""Reads: how a closure that only reads is carried out. Lives on the asyncio loop.

One statement is a snapshot by itself, so a closure that asks one question needs no transaction, and two thirds of the
way to the server and back. Whether it asks only one is found by trying: when it asks the second, it is given up, run
again in a transaction, and remembered, by its code, as one that needs it.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import CodeType
from typing import Any, TypeVar
from weakref import WeakSet

import attrs
from typing_extensions import override

from compozy.contracts.store import Repositories
from compozy.drivers.postgres.connections import Connection, Connections
from compozy.drivers.postgres.errors import is_conflict
from compozy.drivers.postgres.session import PostgresSession
from compozy.drivers.postgres.transactions import Transactions, is_found_dead
from compozy.drivers.sql.repositories import SqlRepositories, Tools
from compozy.drivers.sql.session import Row

T = TypeVar("T")


class _SecondQuestionError(Exception):
    """A closure asks more than one statement can answer."""


class _OneQuestion(PostgresSession):
    """A connection outside of any transaction, for one statement."""

    def __init__(self, connection: Connection, place: str) -> None:
        super().__init__(connection, place, writable=False)
        self._is_asked = False

    @override
    async def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        # What may write is no business of one that nobody would roll back.
        if self._is_asked or not statement.lstrip().startswith(("SELECT", "WITH")):
            self.failure = self.failure or _SecondQuestionError()
        self._is_asked = True
        return await super().rows(statement, parameters)


@attrs.frozen(eq=False)
class Reads:
    """Carries out closures that only read.

    Args:
        connections: Where it takes them from.
        transactions: Where closures go that ask more than one question.
        tools: What the repositories work with.
        place: The database as the user knows it.
    """

    _connections: Connections
    _transactions: Transactions
    _tools: Tools
    _place: str
    _need_a_transaction: WeakSet[CodeType] = attrs.field(factory=WeakSet, init=False)

    async def carry_out(self, work: Callable[[Repositories], Awaitable[T]]) -> T:
        """Run a closure on one snapshot, and return what it returned.

        Raises:
            BaseException: What the closure raised.
            TransactionConflictError: It should be run again.
            UnavailableError: The database cannot be used now.
        """
        code = _code_of(work)
        if code is None or code in self._need_a_transaction or (connection := self._connections.take_idle()) is None:
            return await self._transactions.carry_out(work, writes=False)
        session = _OneQuestion(connection, self._place)
        try:
            answer = await work(SqlRepositories.of(session, self._tools))
            session.require_intact()
        except Exception:
            await self._release(connection, session.failure)  # noqa: ASYNC120 - a cancellation counts for more
            if isinstance(session.failure, _SecondQuestionError):
                self._need_a_transaction.add(code)
            elif not (is_conflict(session.failure) or is_found_dead(connection, session.failure)):
                raise
        except BaseException:
            await self._transactions.take_back(connection)  # noqa: ASYNC102 - on asyncio, with a deadline of its own
            raise
        else:
            self._connections.give_back(connection)
            return answer
        finally:
            session.end()
        return await self._transactions.carry_out(work, writes=False)

    async def _release(self, connection: Connection, failure: BaseException | None) -> None:
        if failure is None or isinstance(failure, _SecondQuestionError):
            self._connections.give_back(connection)
        else:
            await self._transactions.take_back(connection)


def _code_of(work: Callable[..., object]) -> CodeType | None:
    """Return the code of a function, of a method, or of what a partial calls; None of everything else."""
    while isinstance(work, partial):
        work = work.func
    return getattr(work, "__code__", None)
