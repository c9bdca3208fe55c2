"""Lines: a connection that one side writes to and the other reads from, for as long as it works. Lives on the loop.

Redis answers in the order in which it was asked, so a line may write whatever there is to ask without waiting for the
answers before, and whoever stops waiting does no harm: the answer is read all the same.

redis-py makes the connection, with all that belongs to that: TLS, who asks, which database. Then an :class:`_Ear` takes
its place at the transport, which hears what arrives without a task in between. Two tasks are left, and what ends one
ends the other: the one that writes what could not be written at once, and the one that watches that the oldest question
is answered in time.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias, cast

from redis import exceptions as rx
from redis.asyncio.connection import AbstractConnection
from typing_extensions import override

from compozy.drivers.redis.connecting import Connecting
from compozy.drivers.redis.errors import RAISED
from compozy.drivers.redis.replies import Replies

Command: TypeAlias = tuple[bytes | int, ...]

_GOODBYE_S: Final = 1.0
_LOST: Final = "the server closed the connection"


class Line(ABC):
    """A line to a server, which is opened again whenever there is a use for it.

    A question is answered, or fails, within the time limits of a connection and of a command together: it may come
    while the line finds out that the server stands still, and then needs a new one.

    Args:
        connecting: Where the server is.
    """

    def __init__(self, connecting: Connecting) -> None:
        self._connecting = connecting
        self._command_timeout_s = connecting.command_timeout.total_seconds()
        self._has_work = asyncio.Event()
        self._is_owed = asyncio.Event()
        self._open: tuple[AbstractConnection, asyncio.WriteTransport] | None = None

    @abstractmethod
    async def run(self) -> None:
        """Keep the line until cancelled."""

    @abstractmethod
    def _take_commands(self) -> Sequence[Command]:
        """Return what is to be sent now; from now on it is owed."""

    @abstractmethod
    def _hear(self, answer: Any) -> None:
        """Take what the server says next; a refusal is a ``ResponseError``."""

    @abstractmethod
    def _oldest_deadline(self) -> float | None:
        """Return by when, on the loop's clock, the oldest question must be answered; None when nothing is owed."""

    def _work(self) -> None:
        """Send what there is to send: at once if the network takes it, else when it does.

        To wake the task that writes would cost a tenth of a command's time.
        """
        if self._open is None or self._open[1].is_closing() or self._open[1].get_write_buffer_size():
            self._has_work.set()
        else:
            connection, transport = self._open
            commands = self._take_commands()
            if commands:
                self._is_owed.set()
                transport.writelines(connection.pack_commands(commands))

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._command_timeout_s

    async def _connect(self) -> AbstractConnection:
        """Return a connection that is open.

        Raises:
            redis.exceptions.RedisError: The server says no.
            OSError: There is none.
        """
        connection = self._connecting.make_connection()
        limit_s = self._connecting.connect_timeout.total_seconds()
        is_ready = False
        try:
            async with asyncio.timeout(limit_s):
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py has left out its types
                if await connection.can_read():
                    raise rx.ConnectionError(_LOST)  # already; or it says what nobody has asked
            is_ready = True
        except TimeoutError as error:
            raise rx.TimeoutError(f"no connection within {limit_s:g} s") from error
        finally:
            if not is_ready:
                await _hang_up(connection, _transport_of(connection))
        return connection

    async def _converse(self, connection: AbstractConnection) -> Exception:
        """Write and read until the connection fails; close it, and return what was wrong with it."""
        failure: Exception = rx.ConnectionError(_LOST)
        transport = _transport_of(connection)  # now, because redis-py forgets it when it fails
        assert transport is not None  # noqa: S101 - it was made a moment ago
        ear = _Ear(transport, self._hear)
        self._open = connection, transport
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(connection))
                tasks.create_task(self._watch())
                raise await ear.failure
        except* RAISED as failures:
            failure = _first(failures)
        finally:
            self._open = None
            await _hang_up(connection, transport)
        _go_on_cancelling()
        return failure

    async def _write(self, connection: AbstractConnection) -> None:
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            commands = self._take_commands()
            if commands:
                self._is_owed.set()
                await connection.send_packed_command(connection.pack_commands(commands), check_health=False)

    async def _watch(self) -> None:
        # It looks again when the deadline that it saw has come, not at every answer, which would cost more than that.
        loop = asyncio.get_running_loop()
        while True:
            deadline = self._oldest_deadline()
            if deadline is None:
                self._is_owed.clear()
                await self._is_owed.wait()
            elif deadline > loop.time():
                await asyncio.sleep(deadline - loop.time())
            else:
                raise rx.TimeoutError(f"no answer within {self._command_timeout_s:g} s")


class _Ear(asyncio.Protocol):
    """What a transport talks to, in place of the stream that redis-py gave it, which is told only how it ends.

    Args:
        transport: Of a connection that is owed nothing.
        hear: Takes each answer.

    Attributes:
        failure: What was wrong with the connection, when it is over.
    """

    def __init__(self, transport: asyncio.WriteTransport, hear: Callable[[Any], None]) -> None:
        self.failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._hear = hear
        self._replies = Replies()
        self._stream = cast("asyncio.Protocol", transport.get_protocol())
        transport.set_protocol(self)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            for answer in self._replies.feed(data):
                self._hear(answer)
        except Exception as error:  # noqa: BLE001 - raised by whoever waits for it
            self._fail(error)

    @override
    def eof_received(self) -> bool | None:
        self._fail(rx.ConnectionError(_LOST))
        return self._stream.eof_received()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or rx.ConnectionError(_LOST))
        self._stream.connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        self._stream.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._stream.resume_writing()

    def _fail(self, error: Exception) -> None:
        if not self.failure.done():
            self.failure.set_result(error)


def _transport_of(connection: AbstractConnection) -> asyncio.WriteTransport | None:
    writer = connection._writer  # noqa: SLF001 - redis-py has no other way to let go of it at once
    return None if writer is None else writer.transport


async def _hang_up(connection: AbstractConnection, transport: asyncio.WriteTransport | None) -> None:
    # All that matters has been answered. To close in good order would mean to wait until the server has taken the rest.
    if transport is not None:
        transport.abort()
    with suppress(*RAISED):
        async with asyncio.timeout(_GOODBYE_S):
            await connection.disconnect()
    await asyncio.sleep(0)  # in which the transport closes its socket


def _go_on_cancelling() -> None:
    # When a task fails while the group is cancelled from outside, the group of Python 3.11 raises the failure alone.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    failure: BaseException = failures
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    assert isinstance(failure, Exception)  # noqa: S101 - a group of exceptions holds nothing else
    return failure
