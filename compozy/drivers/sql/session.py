"""Sessions: what repositories ask of a connection that is within a transaction."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

Row: TypeAlias = Sequence[Any]
"""One row, in the order of the statement's columns."""


class SqlSession(ABC):
    """A connection as one closure sees it, from the beginning of the closure to its end.

    All methods raise the errors of the domain, ``from`` those of the database library. Once the database has failed
    (:class:`UnavailableError`), every later call fails too.
    """

    __slots__ = ()

    @abstractmethod
    async def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Sequence[Row]:
        """Carry out a statement and return all its rows.

        Args:
            statement: As the dialect makes it.
            parameters: The first is number 1.

        Raises:
            RuntimeError: The closure has ended.
            CompozyError: What the database's error means.
        """

    @abstractmethod
    async def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> Sequence[Row]:
        """Carry out a statement once for each row of parameters, in order; return all the rows they return.

        Takes back what it wrote when one fails, so the closure may go on. Raises the same as :meth:`rows`.
        """

    @abstractmethod
    def require_writable(self) -> None:
        """Return when the closure may write.

        Raises:
            RuntimeError: It is a closure of ``Store.read``.
        """
