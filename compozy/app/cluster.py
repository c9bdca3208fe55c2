"""The actor that holds the connection to a Temporal cluster which others run.

The connection mends itself when the cluster comes back; a check notices when it has gone, for ``/readyz`` and for those
who would start executions meanwhile. Nothing is restarted for it: workers ask again, too, until they are answered.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import trio

from compozy.app.complaints import naming_settings
from compozy.app.imports import import_in_thread
from compozy.app.late import store_of
from compozy.app.temporal_sdk import TemporalSdk
from compozy.bridge import AsyncioHost, open_asyncio_host
from compozy.config.settings import TemporalSettings
from compozy.contracts.store import Store
from compozy.telemetry.logger import get_logger
from compozy.telemetry.metrics import Metrics
from compozy.worker.background import beside
from supervisors import Context, Ref

_PATIENCE: Final = timedelta(seconds=1)
"""For one start; whether there is another one, and when, is for the supervisor to say."""

_log = get_logger("temporal.cluster")


def cluster_actor(settings: TemporalSettings, metrics: Metrics) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return the actor; its value is a ``compozy.drivers.temporal.connection.Connection``."""
    sdk = TemporalSdk(metrics)

    @asynccontextmanager
    async def temporal(
        _ctx: Context, asyncio: AsyncioHost, store: Store | Ref[Store] | None = None
    ) -> AsyncIterator[Any]:
        await sdk.load()
        credentials = await _read_credentials(settings)
        async with beside(metrics.temporal.keep_reading):
            connection = await sdk.dial(
                asyncio,
                settings.host_port,
                settings.namespace,
                patience=_PATIENCE,
                credentials=credentials,
                store=None if store is None else store_of(store),
            )
            _log.info("connected to temporal", address=connection.address, namespace=connection.namespace)
            yield connection

    return temporal


async def check_cluster(connection: Any) -> None:
    """Return when the cluster answers; for the actor's health check.

    Raises:
        CompozyError: It does not, or refuses us.
    """
    await connection.verify()


async def ask_cluster(settings: TemporalSettings) -> bool:
    """Ask the cluster of these settings whether it has the namespace; nothing is made.

    Raises:
        UnavailableError: It does not answer.
        InvalidError: It refuses us, or a setting cannot be used.
    """
    connections = await import_in_thread("compozy.drivers.temporal.connection")
    credentials = await _read_credentials(settings)
    async with open_asyncio_host("compozy-temporal") as host:
        found: bool = await connections.has_namespace(
            host,
            settings.host_port,
            namespace=settings.namespace,
            runtime=connections.make_runtime(),
            credentials=credentials,
        )
    return found


async def _read_credentials(settings: TemporalSettings) -> Any:
    driver = await import_in_thread("compozy.drivers.temporal.credentials")
    files = {name: getattr(settings, name) for name in ("tls_ca", "tls_cert", "tls_key")}
    paths = {name: None if file is None else Path(file) for name, file in files.items()}
    credentials = driver.Credentials(
        tls=settings.tls, tls_server_name=settings.tls_server_name, api_key=settings.api_key, **paths
    )
    with naming_settings("temporal", {}):
        return await trio.to_thread.run_sync(credentials.read)
