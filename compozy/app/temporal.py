"""The actor that runs the Temporal dev server and holds the connection to it.

A restart takes new ports, a new connection and a new asyncio loop, on the same database.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
import trio

from compozy.app.imports import import_in_thread
from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.config.settings import TemporalSettings
from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer, database_lock, free_ports, is_listening
from supervisors import Child, Context

_LOOK_EVERY_S: Final = 0.01
_LOCK_PATIENCE_S: Final = 10.0
_DIAL_PATIENCE: Final = timedelta(seconds=5)

_log = structlog.get_logger("temporal.server")


def dev_server_actor(settings: TemporalSettings) -> Callable[[Context], Awaitable[None]]:
    """Return the actor; its value is a ``compozy.drivers.temporal.connection.Connection``."""

    async def temporal(ctx: Context) -> None:
        database_file = Path(settings.standalone.database_file)
        async with open_asyncio_host("compozy-temporal") as host, _exclusive(database_file) as inherited:
            server = _plan_server(settings)
            await ctx.process(
                server.argv,
                ready=partial(_connect, host, server, settings.namespace),
                on_line=_pass_line_on,
                pass_fds=inherited,
            )

    return temporal


def _plan_server(settings: TemporalSettings) -> DevServer:
    standalone = settings.standalone
    front_end, http, metrics = free_ports(3, standalone.bind_ip)
    return DevServer(
        binary=find_cli(standalone.cli_path),
        database_file=Path(standalone.database_file),
        ip=standalone.bind_ip,
        port=standalone.frontend_port or front_end,
        http_port=http,
        metrics_port=metrics,
        log_level=standalone.log_level,
    )


async def _connect(host: AsyncioHost, server: DevServer, namespace: str, child: Child) -> Any:
    """Return a connection to this very child, once it answers and has the namespace.

    The SDK takes longer to import than the server to start, so the two are done at once.
    """
    connections = await import_in_thread("compozy.drivers.temporal.connection")
    # An answer on the port proves nothing: a server left behind by a killed program would answer too. The operating
    # system says who listens, but tells nobody when that changes, so it is asked.
    while not is_listening(child.pid, server.port):  # noqa: ASYNC110 - said above
        await trio.sleep(_LOOK_EVERY_S)
    return await connections.dial(
        host, server.address, namespace=namespace, runtime=connections.make_runtime(), patience=_DIAL_PATIENCE
    )


@asynccontextmanager
async def _exclusive(database_file: Path) -> AsyncIterator[tuple[int, ...]]:
    """Hold the database's lock, waiting for a server that a killed program left behind to end."""
    database_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = trio.current_time() + _LOCK_PATIENCE_S
    while True:
        lock = database_lock(database_file)
        try:
            inherited = lock.__enter__()
        except UnavailableError:
            if trio.current_time() > deadline:
                raise
            await trio.sleep(0.1)  # a lock that becomes free tells nobody but a blocked thread
        else:
            break
    try:
        yield inherited
    finally:
        lock.__exit__(None, None, None)


def _pass_line_on(line: str) -> None:
    """Log what the server writes; quietly, for its errors under load mean nothing by themselves."""
    if line.strip():
        _log.debug(line.strip())
