"""The connection to a Temporal server: dialled with patience, and known to have its namespace."""

import logging
from datetime import timedelta
from typing import Final

import attrs
import trio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from compozy.bridge import AsyncioHost
from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.payloads import DATA_CONVERTER

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 1.0
_RETENTION: Final = timedelta(days=7)
# An outage is reported within about a second instead of the SDK's ten: a caller has a client waiting, and a worker
# whose server has died ends before its supervisor loses patience. What was not delivered is done again.
_RETRIES: Final = RetryConfig(max_elapsed_time_millis=1000)


@attrs.frozen(kw_only=True)
class Connection:
    """A live connection.

    Attributes:
        host: The asyncio loop that the client belongs to.
        client: The SDK's client; to be used on that loop only.
        address: ``host:port`` of the server.
        namespace: The namespace that it works in.
    """

    host: AsyncioHost
    client: Client
    address: str
    namespace: str


def make_runtime() -> Runtime:
    """Return the SDK's native runtime, its log lines forwarded to Python's logging instead of written to stderr."""
    logging_config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    return Runtime(telemetry=TelemetryConfig(logging=logging_config))


async def dial(host: AsyncioHost, address: str, *, namespace: str, runtime: Runtime, patience: timedelta) -> Connection:
    """Connect to the server and make sure that the namespace exists.

    Tries again after 100 ms, doubling to 1 s, until ``patience`` has run out.

    Raises:
        UnavailableError: The server did not answer in time; says what it said last.
    """
    wait = FIRST_WAIT_S
    deadline = trio.current_time() + patience.total_seconds()
    while True:
        try:
            client = await host.call(_connect, address, namespace, runtime)
            await host.call(_ensure_namespace, client, namespace)
        except (RPCError, RuntimeError) as error:
            if trio.current_time() + wait > deadline:
                raise UnavailableError(
                    f"temporal at {address} did not answer within {patience.total_seconds():g} s: {error}"
                ) from error
            await trio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
        else:
            return Connection(host=host, client=client, address=address, namespace=namespace)


async def _connect(address: str, namespace: str, runtime: Runtime) -> Client:
    return await Client.connect(
        address, namespace=namespace, data_converter=DATA_CONVERTER, runtime=runtime, retry_config=_RETRIES
    )


async def _ensure_namespace(client: Client, namespace: str) -> None:
    service = client.workflow_service
    try:
        await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        retention = Duration(seconds=int(_RETENTION.total_seconds()))
        try:
            await service.register_namespace(
                RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=retention)
            )
        except RPCError as race:
            if race.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
