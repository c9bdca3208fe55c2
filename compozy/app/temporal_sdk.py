"""The Temporal SDK, loaded when it is first needed, and its native runtime, of which one tree needs only one."""

from datetime import timedelta
from typing import Any

from compozy.app.imports import import_in_thread
from compozy.bridge import AsyncioHost
from compozy.contracts.store import Store
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.sdk_metrics import BUFFER_SIZE


class TemporalSdk:
    """The SDK of one tree.

    Args:
        metrics: Where it counts.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._connections: Any = None
        self._runtime: Any = None

    async def load(self) -> None:
        """Import the SDK and start its runtime, if that has not been done."""
        self._connections = await import_in_thread("compozy.drivers.temporal.connection")
        if self._runtime is None:
            self._runtime, retrieve = self._connections.make_metered_runtime(BUFFER_SIZE)
            self._metrics.temporal.read_from(retrieve)

    async def dial(
        self,
        host: AsyncioHost,
        address: str,
        namespace: str,
        *,
        patience: timedelta,
        store: Store | None = None,
        **security: Any,
    ) -> Any:
        """Return a ``compozy.drivers.temporal.connection.Connection``; :meth:`load` was called before.

        Args:
            host: The loop that it shall live on.
            address: ``host:port`` of the server.
            namespace: Where to work.
            patience: How long the server may take to answer.
            store: Where payloads that are too large for Temporal are kept; None: nowhere.
            **security: ``credentials``, for a server that wants some.

        Raises:
            UnavailableError: It did not answer in time.
            InvalidError: It refuses us.
        """
        return await self._connections.dial(
            host, address, namespace=namespace, runtime=self._runtime, patience=patience, store=store, **security
        )
