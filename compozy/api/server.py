"""The server: hypercorn around the application, with an orderly stop."""

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio
from hypercorn.config import Config, Sockets
from hypercorn.logging import Logger
from hypercorn.trio import serve as hypercorn_serve
from typing_extensions import override

from compozy.api.application import Application
from compozy.api.listening import STALLED_S, Address, open_listener
from compozy.telemetry.logger import get_logger

KEEP_ALIVE_S: Final = 75.0
"""How long an idle connection is kept: longer than clients keep theirs, so that it is they who close it and no request
meets a connection that is just being closed."""

_ANSWER_SHARE: Final = 0.8
"""Of the grace, how much synchronous executions may use; the rest is for sending what they answer."""

_log = get_logger(__name__)


async def serve(
    app: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 5001,
    shutdown_trigger: Callable[[], Awaitable[object]],
    graceful_timeout_s: float = 10.0,
    allow_public: bool = False,
    access_log: bool = False,
    stalled_s: float = STALLED_S,
    task_status: trio.TaskStatus[Address] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the application until the trigger returns and what has been begun is answered.

    When it returns, requests in flight are answered, event streams end, idle connections are closed at once, and no new
    ones are accepted. What is not done after the grace is dropped. Cancelling drops everything at once: it is not a
    graceful stop.

    Args:
        app: What to serve; once only, for its drain is used up.
        host: Where to listen; anything but loopback needs ``allow_public``.
        port: 0 takes a free one.
        shutdown_trigger: Returns when the server is to stop.
        graceful_timeout_s: How long requests in flight have.
        allow_public: Listen where other machines can reach it, and answer whatever the Host header says: a proxy
            before this server authenticates.
        access_log: Log a line for each request.
        stalled_s: After how long a client that takes nothing of its answer is given up (Linux).
        task_status: Is told the address as soon as connections are accepted.

    Raises:
        InvalidError: The host cannot or may not be listened on.
        UnavailableError: The port cannot be used.
    """
    with await open_listener(host, port, allow_public=allow_public, stalled_s=stalled_s) as listener:
        app.is_local_only = not allow_public
        config = _BoundConfig(listener)
        config.graceful_timeout = graceful_timeout_s
        config.accesslog = logging.getLogger("hypercorn.access") if access_log else None
        async with trio.open_nursery() as nursery:

            async def stop() -> None:
                await shutdown_trigger()
                _log.info("http stops", grace_s=graceful_timeout_s)
                app.drain.stopping.set()
                nursery.start_soon(_hurry, app, graceful_timeout_s * _ANSWER_SHARE)

            started = _Started(listener, task_status)
            await hypercorn_serve(app, config, shutdown_trigger=stop, task_status=started, mode="asgi")
            nursery.cancel_scope.cancel()


async def _hurry(app: Application, after_s: float) -> None:
    """Tell those who still wait that it is time to answer."""
    await trio.sleep(after_s)
    app.drain.overdue.set()


class _Log(Logger):
    """hypercorn's log, without its line about an address and a key to press, which is ours to say."""

    @override
    async def info(self, message: str, *args: Any, **kwargs: Any) -> None:
        await self.debug(message, *args, **kwargs)


class _BoundConfig(Config):
    """The settings of a server on a socket that is bound already."""

    logger_class = _Log
    include_server_header = False
    backlog = 512  # some hundred clients may come in the same instant
    keep_alive_timeout = KEEP_ALIVE_S
    errorlog = logging.getLogger("hypercorn.error")

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    @override
    def create_sockets(self) -> Sockets:
        return Sockets(secure_sockets=[], insecure_sockets=[self._listener], quic_sockets=[])


class _Started(trio.TaskStatus[list[str]]):
    """Hands on that the server is up, with its address instead of hypercorn's texts."""

    def __init__(self, listener: socket.socket, task_status: trio.TaskStatus[Address]) -> None:
        self._listener = listener
        self._task_status = task_status

    @override
    def started(self, value: list[str] | None = None) -> None:
        host, port, *_ = self._listener.getsockname()
        address = Address(host, port)
        _log.info("http listens", url=address.url)
        self._task_status.started(address)
