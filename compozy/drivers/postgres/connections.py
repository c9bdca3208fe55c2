"""Connections: those that are open, and which of them nobody uses now. Lives on the asyncio loop.

How many transactions there are at a time is decided elsewhere, where they wait for their turn, so nothing waits here
for anything but the server.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Final, TypeAlias

import asyncpg
import attrs

from compozy.domain.errors import InvalidError, Problem, UnavailableError
from compozy.drivers.postgres.connecting import URL_HINT, Connecting
from compozy.drivers.postgres.errors import RAISED
from compozy.drivers.postgres.patience import Patience, PatientConnection

Connection: TypeAlias = asyncpg.Connection

IDLE_S: Final = 300.0
"""How long a connection is kept that nobody uses, when there are more than the fewest."""

GOODBYE_S: Final = 2.0
"""How long a server may take to answer a farewell."""


@attrs.define(eq=False)
class Connections:
    """The connections of one store.

    The one that was used last is used next, so that those which are not needed grow old and are closed.

    Args:
        connect: Makes one.
        fewest: How many are kept however long nobody uses them.
    """

    _connect: Callable[[], Awaitable[Connection]]
    _fewest: int
    _clock: Callable[[], float] = monotonic
    _open: set[Connection] = attrs.field(factory=set, init=False)
    _idle: list[tuple[Connection, float]] = attrs.field(factory=list, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)

    @property
    def open_count(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def idle_count(self) -> int:
        """How many of them nobody uses."""
        return len(self._idle)

    def take_idle(self) -> Connection | None:
        """Return one that is open, as far as anybody knows, or None when there is none."""
        while self._idle:
            connection, _ = self._idle.pop()
            if not connection.is_closed():
                return connection
            self.discard(connection)
        return None

    async def make(self) -> Connection:
        """Return a new one.

        Raises:
            UnavailableError: The store was closed.
            Exception: As :data:`compozy.drivers.postgres.errors.RAISED`, what the server says or that there is none.
        """
        self._require_open()
        connection = await self._connect()
        self._open.add(connection)
        if self._is_closed:
            self.discard(connection)
            self._require_open()
        return connection

    def give_back(self, connection: Connection) -> None:
        """Take back one that is in no transaction; close those that nobody has used for long."""
        if connection.is_closed() or self._is_closed:
            self.discard(connection)
            return
        now = self._clock()
        self._idle.append((connection, now))
        while len(self._open) > self._fewest and now - self._idle[0][1] > IDLE_S:
            self.discard(self._idle.pop(0)[0])

    def discard(self, connection: Connection) -> None:
        """Close one at once, whatever it does; the server rolls back its transaction."""
        self._open.discard(connection)
        connection.terminate()

    async def close(self) -> None:
        """Take leave of the server on those that nobody uses, then close all, and make no more."""
        self._is_closed = True
        try:
            with suppress(*RAISED):  # a server that does not answer one farewell will not answer the next
                while (connection := self.take_idle()) is not None:
                    await connection.close(timeout=GOODBYE_S)
        finally:
            for connection in list(self._open):
                self.discard(connection)

    def _require_open(self) -> None:
        if self._is_closed:
            raise UnavailableError("the store is closed: open it again")


async def connect(connecting: Connecting, *, patience: Patience | None) -> Connection:
    """Return a new connection, which is the caller's to close.

    Args:
        connecting: Where to.
        patience: For its commands; None means that they may take as long as they need.

    Raises:
        InvalidError: A setting is wrong.
        Exception: As :data:`compozy.drivers.postgres.errors.RAISED`.
    """
    arguments = connecting.arguments(unlimited=patience is None)
    try:
        connection = await asyncpg.connect(**arguments, connection_class=PatientConnection)
    except RAISED:
        raise
    except ValueError:
        # Of the parts of an address. What it says is not shown, because it may quote a part of the password.
        key, hint = ("host", "a name or an address") if connecting.url is None else ("url", URL_HINT)
        raise InvalidError(Problem(key=key, message="not the address of a database", hint=hint)) from None
    connection.patience = patience
    return connection
