"""The actors that run the Temporal dev server, hold the connection to it, and the asyncio loop that this lives on.

A restart of the server takes new ports and a new connection, on the same database. The loop is an actor of its own, and
outlives it: whoever uses the connection is stopped, in order, while its loop still runs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from compozy.app.imports import import_in_thread
from compozy.app.late import store_of
from compozy.app.temporal_lock import open_database_lock
from compozy.app.temporal_sdk import TemporalSdk
from compozy.app.temporal_server import MishapError, Run, plan_server
from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.config.settings import TemporalSettings
from compozy.contracts.store import Store
from compozy.domain.errors import UnavailableError
from compozy.drivers.clock import utc_now
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.ports import is_listening
from compozy.engine.losses import ORCHESTRATOR_LOST, fail_lost
from compozy.telemetry.logger import get_logger
from compozy.telemetry.metrics import Metrics
from compozy.worker.background import beside
from supervisors import Child, ChildExitError, Context, Probe, Ref

_LOOK_EVERY_S: Final = 0.01
_STARTS: Final = 5  # of which all but the last ended in a mishap
_DIAL_PATIENCE: Final = timedelta(seconds=5)

_log = get_logger("temporal.server")


@asynccontextmanager
async def asyncio_actor(_ctx: Context) -> AsyncIterator[AsyncioHost]:
    """Hold the asyncio loop of the Temporal client and worker."""
    async with open_asyncio_host("compozy-asyncio") as host:
        yield host


def dev_server_actor(
    settings: TemporalSettings, metrics: Metrics, *, owns_store: bool = False
) -> Callable[..., Awaitable[None]]:
    """Return the actor; its value is a ``compozy.drivers.temporal.connection.Connection``.

    Args:
        settings: How the server is run.
        metrics: Where it is counted.
        owns_store: Whether all executions in the store are those of this server: then what it has lost has failed.
    """
    sdk = TemporalSdk(metrics)

    async def temporal(ctx: Context, asyncio: AsyncioHost, store: Store | Ref[Store] | None = None) -> None:
        held = None if store is None else store_of(store)
        owned = held if owns_store else None
        database_file = Path(settings.standalone.database_file)
        binary = await _find_or_download_cli(settings.standalone.cli_path, asyncio, database_file.parent / "bin")
        async with open_database_lock(database_file, binary) as inherited, beside(metrics.temporal.keep_reading):
            for starts_left in reversed(range(_STARTS)):
                plan = partial(plan_server, settings, binary, is_first=ctx.generation == 1)
                run = Run(ctx, await trio.to_thread.run_sync(plan), settings.standalone)
                try:
                    await _run_server(ctx, run, partial(_connect, sdk, asyncio, run, held, owned), inherited)
                except MishapError as mishap:
                    if not starts_left:
                        raise
                    _log.info("temporal starts again on other ports", reason=str(mishap))
                else:
                    return

    return temporal


async def _run_server(ctx: Context, run: Run, ready: Probe, inherited: Sequence[int]) -> None:
    """Run the server until it ends or the actor is asked to stop.

    Raises:
        CompozyError: It ended before it was ready, and why is known.
        ChildExitError: It ended otherwise.
    """
    await run.prepare()
    try:
        return await ctx.process(
            run.server.argv,
            ready=ready,
            on_line=run.take_line,
            pass_fds=inherited,
            umask=0o077,
            # Its database is SQLite with a WAL, sound after a KILL; its farewell is what a successor would wait for.
            orphan_grace=0,
        )
    except ChildExitError as error:
        ended = error
    explanation = await run.explain(ended)
    if explanation is None:
        raise ended
    raise explanation from ended


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


async def _connect(
    sdk: TemporalSdk, host: AsyncioHost, run: Run, store: Store | None, owned: Store | None, child: Child
) -> Any:
    """Return a connection to this very child, once it answers and has the namespace.

    The SDK takes longer to import than the server to start, so the two are done at once.
    """
    await sdk.load()
    # An answer on the port proves nothing: a server left behind by a killed program would answer too. The operating
    # system says who listens, but tells nobody when that changes, so it is asked.
    while not is_listening(child.pid, run.server.port):  # noqa: ASYNC110 - said above
        await trio.sleep(_LOOK_EVERY_S)
    connection = await sdk.dial(host, run.server.address, run.server.namespace, patience=_DIAL_PATIENCE, store=store)
    if run.is_new and owned is not None:
        # Before the database counts as used: if this is cut off, the next start makes it anew, and comes here again.
        await _fail_lost(owned, connection)
    await run.settle()
    return connection


async def _fail_lost(store: Store, connection: Any) -> None:
    if lost := await fail_lost(store, connection.knows, utc_now):
        message = "the temporal database is new, and executions that had begun were lost with the one before"
        _log.error(message, count=len(lost), code=ORCHESTRATOR_LOST)
