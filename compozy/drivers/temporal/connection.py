"""The connection to a Temporal server: dialled with patience, and known to have its namespace."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import attrs
import trio
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import (
    BufferedMetricUpdate,
    LogForwardingConfig,
    LoggingConfig,
    MetricBuffer,
    MetricBufferDurationFormat,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RetryConfig, RPCError, RPCStatusCode, TLSConfig

from compozy.bridge import AsyncioHost, HostClosedError
from compozy.contracts.store import Store
from compozy.domain.errors import InvalidError, Problem, UnavailableError
from compozy.domain.secrets import revealed
from compozy.drivers.clock import utc_now
from compozy.drivers.temporal.credentials import NONE, Read
from compozy.drivers.temporal.labels import Labels
from compozy.drivers.temporal.payload_storage import storing_converter
from compozy.drivers.temporal.payloads import DATA_CONVERTER

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 1.0
_KNOWN_WITHIN_S: Final = 15.0
_RETENTION: Final = timedelta(days=7)
_REFUSALS: Final = frozenset({RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED})
_REFUSED_AT_ONCE: Final = re.compile(r'code: (?P<code>Unauthenticated|PermissionDenied), message: "(?P<message>[^"]*)"')
_CAUSE: Final = re.compile(r'\b(?:message|error): "([^"]+)"')
"""What the system said, in the SDK's account of why there is no connection; around it are layers of Rust."""

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
        labels: What executions are found by in Temporal; to be used on that loop only.
    """

    host: AsyncioHost
    client: Client
    address: str
    namespace: str
    labels: Labels = attrs.field(factory=Labels, eq=False, repr=False)

    async def knows(self, exec_id: str) -> bool:
        """Return whether the server has an execution, however it stands.

        Raises:
            UnavailableError: It does not answer, or otherwise than with yes or no.
        """
        try:
            await self.host.call(self.client.get_workflow_handle(exec_id).describe)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise UnavailableError(f"temporal at {self.address} does not answer: {_said(error)}") from error
        except HostClosedError as error:
            raise UnavailableError(f"the connection to temporal at {self.address} was closed") from error
        return True

    async def verify(self) -> None:
        """Return when the server answers and has the namespace, which is made again if it has gone.

        Raises:
            UnavailableError: It does not answer.
            InvalidError: It refuses us.
        """
        try:
            await self.host.call(_ensure_namespace, self.client, self.namespace)
        except RPCError as error:
            _check_not_refused(error, self.address)
            raise UnavailableError(f"temporal at {self.address} does not answer: {_said(error)}") from error
        except HostClosedError as error:
            raise UnavailableError(f"the connection to temporal at {self.address} was closed") from error


def make_runtime(buffer: MetricBuffer | None = None) -> Runtime:
    """Return the SDK's native runtime, its log lines forwarded to Python's logging instead of written to stderr.

    Args:
        buffer: Where it puts each change of its metrics; None: it does not count.
    """
    logging_config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        # Where a line comes from and its fields are on the record, for compozy.telemetry.sdk_lines.
        forwarding=LogForwardingConfig(
            logger=logging.getLogger("temporalio.core"),
            append_target_to_name=False,
            prepend_target_on_message=False,
            append_log_fields_to_message=False,
        ),
    )
    return Runtime(telemetry=TelemetryConfig(logging=logging_config, metrics=buffer, attach_service_name=False))


def make_metered_runtime(buffer_size: int) -> tuple[Runtime, Callable[[], Sequence[BufferedMetricUpdate]]]:
    """Return such a runtime that counts, and what empties the buffer for the changes of its metrics."""
    buffer = MetricBuffer(buffer_size, MetricBufferDurationFormat.SECONDS)
    return make_runtime(buffer), buffer.retrieve_updates


async def dial(
    host: AsyncioHost,
    address: str,
    *,
    namespace: str,
    runtime: Runtime,
    patience: timedelta,
    credentials: Read = NONE,
    store: Store | None = None,
) -> Connection:
    """Connect to the server and make sure that the namespace exists.

    Tries again after 100 ms, doubling to 1 s, until ``patience`` has run out.

    Args:
        host: The loop that the connection lives on.
        address: ``host:port`` of the server.
        namespace: Where to work.
        runtime: The SDK's native runtime.
        patience: How long the server may take to answer.
        credentials: For a server that wants some.
        store: Where payloads that are too large for Temporal are kept; None: such a payload is refused.

    Raises:
        UnavailableError: The server did not answer in time; says what it said last.
        InvalidError: It refuses us.
    """
    converter = DATA_CONVERTER if store is None else storing_converter(host, store, utc_now)
    wait = FIRST_WAIT_S
    deadline = trio.current_time() + patience.total_seconds()
    while True:
        try:
            client = await host.call(_connect, address, namespace, runtime, credentials, converter)
            if await host.call(_ensure_namespace, client, namespace):
                await _wait_known(host, client)
        except (RPCError, RuntimeError) as error:
            _check_not_refused(error, address)
            if trio.current_time() + wait > deadline:
                raise UnavailableError(
                    f"temporal at {address} did not answer within {patience.total_seconds():g} s: {_said(error)};"
                    " check that the server runs and can be reached"
                ) from error
            await trio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
        else:
            return Connection(host=host, client=client, address=address, namespace=namespace)


async def has_namespace(
    host: AsyncioHost, address: str, *, namespace: str, runtime: Runtime, credentials: Read = NONE
) -> bool:
    """Ask a server once whether it has the namespace; nothing is made.

    Raises:
        UnavailableError: It does not answer.
        InvalidError: It refuses us.
    """
    try:
        client = await host.call(_connect, address, namespace, runtime, credentials)
        await host.call(_describe_namespace, client, namespace)
    except (RPCError, RuntimeError) as error:
        if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
            return False
        _check_not_refused(error, address)
        raise UnavailableError(f"temporal at {address} does not answer: {_said(error)}") from error
    return True


def _check_not_refused(error: Exception, address: str) -> None:
    """Return when waiting may help.

    Raises:
        InvalidError: The server answers, and refuses us.
    """
    said = _refusal(error)
    if said is not None:
        hint = "check temporal.api_key, temporal.tls_cert and temporal.namespace"
        raise InvalidError(Problem(message=f"temporal at {address} refuses us: {said}", hint=hint)) from error


def _refusal(error: Exception) -> str | None:
    """Return what a server said that refuses us; None when it was something else."""
    if isinstance(error, RPCError):
        return _said(error) if error.status in _REFUSALS else None
    found = _REFUSED_AT_ONCE.search(str(error))  # the SDK tells in no other way what was wrong with a connection
    return None if found is None else f"{found['code'].lower()}: {found['message']}"


def _said(error: RPCError | RuntimeError) -> str:
    """Return what an error of the SDK tells people; of the layers that it found no connection through, the last."""
    if isinstance(error, RPCError):
        return f"{error.status.name.lower()}: {error.message}"
    causes: list[str] = _CAUSE.findall(str(error))
    return causes[-1] if causes else str(error)


async def _connect(
    address: str, namespace: str, runtime: Runtime, credentials: Read, converter: DataConverter = DATA_CONVERTER
) -> Client:
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=converter,
        runtime=runtime,
        retry_config=_RETRIES,
        tls=_tls_of(credentials),
        api_key=revealed(credentials.api_key),
    )


def _tls_of(credentials: Read) -> TLSConfig | bool:
    if not credentials.is_encrypted:
        return False
    return TLSConfig(
        server_root_ca_cert=credentials.authorities,
        domain=credentials.server_name,
        client_cert=credentials.certificate,
        client_private_key=credentials.key,
    )


async def _ensure_namespace(client: Client, namespace: str) -> bool:
    """Make sure that there is the namespace, and return whether it was made just now."""
    service = client.workflow_service
    try:
        await _describe_namespace(client, namespace)
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
        return True
    return False


async def _wait_known(host: AsyncioHost, client: Client) -> None:
    """Wait until the server uses a new namespace: having been asked for it, it remembers for a second that it had none.

    Raises:
        RPCError: It still does not, after much longer than that.
    """
    deadline = trio.current_time() + _KNOWN_WITHIN_S
    while True:
        try:
            await host.call(client.count_workflows)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or trio.current_time() > deadline:
                raise
            await trio.sleep(FIRST_WAIT_S)
        else:
            return


async def _describe_namespace(client: Client, namespace: str) -> None:
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
