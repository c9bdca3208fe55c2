"""The actors that run the Temporal dev server, hold the connection to it, and the asyncio loop that this lives on.

A restart of the server takes new ports and a new connection, on the same database. The loop is an actor of its own, and
outlives it: whoever uses the connection is stopped, in order, while its loop still runs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from compozy.app.imports import import_in_thread
from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.config.settings import TemporalSettings
from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import DevServer, database_lock, free_ports, is_listening
from compozy.telemetry.logger import get_logger
from supervisors import Child, Context

_LOOK_EVERY_S: Final = 0.01
_LOCK_PATIENCE_S: Final = 10.0
_DIAL_PATIENCE: Final = timedelta(seconds=5)

_log = get_logger("temporal.server")


class _Sdk:
    """The Temporal SDK, loaded when it is first needed, and its native runtime, of which one tree needs only one."""

    def __init__(self) -> None:
        self._connections: Any = None
        self._runtime: Any = None

    async def load(self) -> None:
        """Import the SDK and start its runtime, if that has not been done."""
        self._connections = await import_in_thread("compozy.drivers.temporal.connection")
        if self._runtime is None:
            self._runtime = self._connections.make_runtime()

    async def dial(self, host: AsyncioHost, address: str, namespace: str) -> Any:
        """Return a connection."""
        return await self._connections.dial(
            host, address, namespace=namespace, runtime=self._runtime, patience=_DIAL_PATIENCE
        )


@asynccontextmanager
async def asyncio_actor(_ctx: Context) -> AsyncIterator[AsyncioHost]:
    """Hold the asyncio loop of the Temporal client and worker."""
    async with open_asyncio_host("compozy-asyncio") as host:
        yield host


def dev_server_actor(settings: TemporalSettings) -> Callable[..., Awaitable[None]]:
    """Return the actor; its value is a ``compozy.drivers.temporal.connection.Connection``."""
    sdk = _Sdk()

    async def temporal(ctx: Context, asyncio: AsyncioHost) -> None:
        database_file = Path(settings.standalone.database_file)
        async with _exclusive(database_file) as inherited:
            binary = await _find_or_download_cli(settings.standalone.cli_path, asyncio, database_file.parent / "bin")
            server = _plan_server(settings, binary)
            await ctx.process(
                server.argv,
                ready=partial(_connect, sdk, asyncio, server, settings.namespace),
                on_line=_pass_line_on,
                pass_fds=inherited,
                umask=0o077,
            )

    return temporal


async def _find_or_download_cli(cli_path: str | None, host: AsyncioHost, folder: Path) -> Path:
    try:
        return await trio.to_thread.run_sync(find_cli, cli_path)
    except UnavailableError as missing:
        if cli_path is not None:
            raise
        _log.warning("no Temporal command line is installed; downloading one", folder=str(folder))
        download = await import_in_thread("compozy.drivers.temporal.download")
        try:
            found: Path = await download.download_cli(host, folder)
        except UnavailableError as error:
            raise UnavailableError(f"{missing}; {error}") from error
        return found


def _plan_server(settings: TemporalSettings, binary: Path) -> DevServer:
    standalone = settings.standalone
    front_end, http, metrics = free_ports(3, standalone.bind_ip)
    return DevServer(
        binary=binary,
        database_file=Path(standalone.database_file),
        ip=standalone.bind_ip,
        port=standalone.frontend_port or front_end,
        http_port=http,
        metrics_port=metrics,
        log_level=standalone.log_level,
    )


async def _connect(sdk: _Sdk, host: AsyncioHost, server: DevServer, namespace: str, child: Child) -> Any:
    """Return a connection to this very child, once it answers and has the namespace.

    The SDK takes longer to import than the server to start, so the two are done at once.
    """
    await sdk.load()
    # An answer on the port proves nothing: a server left behind by a killed program would answer too. The operating
    # system says who listens, but tells nobody when that changes, so it is asked.
    while not is_listening(child.pid, server.port):  # noqa: ASYNC110 - said above
        await trio.sleep(_LOOK_EVERY_S)
    return await sdk.dial(host, server.address, namespace)


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
