"""The Temporal dev server: how it is started, and how we know that the one that answers is ours.

The flags are measured, not guessed: without them a file database halves the throughput, each hop between the server's
queues waits up to 50 ms, and every short timer is rounded up to a second.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs
import psutil

from compozy.domain.errors import UnavailableError

_LOOPBACK: Final = "127.0.0.1"
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
_DYNAMIC_CONFIG: Final = (
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    'history.timerProcessorMaxTimeShift="10ms"',
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)


@attrs.frozen(kw_only=True)
class DevServer:
    """One start of the dev server.

    Attributes:
        binary: The Temporal command line.
        database_file: Its SQLite file; the folder exists.
        ip: The loopback address it listens on.
        port: Port of its gRPC front end.
        http_port: Port of its HTTP API.
        metrics_port: Port of its metrics.
        log_level: ``debug``, ``info``, ``warn``, ``error`` or ``never``.
    """

    binary: Path
    database_file: Path
    ip: str
    port: int
    http_port: int
    metrics_port: int
    log_level: str = "error"

    @property
    def address(self) -> str:
        """``host:port`` of the front end."""
        return f"{self.ip}:{self.port}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that starts it."""
        flags = [str(self.binary), "server", "start-dev", "--headless", "--ip", self.ip]
        for name, port in (("port", self.port), ("http-port", self.http_port), ("metrics-port", self.metrics_port)):
            flags += [f"--{name}", str(port)]
        flags += ["--log-level", self.log_level, "--db-filename", str(self.database_file)]
        for pragma in _PRAGMAS:
            flags += ["--sqlite-pragma", pragma]
        for value in _DYNAMIC_CONFIG:
            flags += ["--dynamic-config-value", value]
        return tuple(flags)


def free_ports(count: int, ip: str = _LOOPBACK) -> list[int]:
    """Return ports that were free a moment ago, all different.

    Another program may take one before it is used; whoever uses them notices and asks again.
    """
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            probe.bind((ip, 0))
            ports.append(probe.getsockname()[1])
        return ports


def is_listening(pid: int, port: int) -> bool:
    """Tell whether this very process listens on the TCP port, so that an answer from there is its answer."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port for connection in connections)


@contextmanager
def database_lock(database_file: Path) -> Iterator[tuple[int, ...]]:
    """Hold the lock that keeps two servers off one database; yield the file descriptors that the child inherits.

    The lock belongs to the open file, which the server process shares: when this process is killed, the lock stays
    taken until the server that it left behind is gone too. So a new start can never meet an old server on its file.

    Raises:
        UnavailableError: Another server, ours or an orphan on its way out, holds it now.
    """
    if sys.platform == "win32":
        yield ()
        return
    import fcntl  # noqa: PLC0415 - POSIX only

    path = database_file.with_suffix(".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(
                f"another Temporal server uses {database_file}; if it was just killed it is gone in a few seconds,"
                f" otherwise find it with: fuser {path}"
            ) from error
        yield (descriptor,)
    finally:
        os.close(descriptor)
