"""A Temporal server for tests and demos: a real one, from a Python package, on free ports of this machine.

It is open within half a second, needs no network but loopback, no container and no rights, and ends with the program
that started it, however that ends (`compozy.testing.custody`). What was written survives when the server is killed and
started again; nothing is left when it is closed.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Final

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.dev_server import KEYWORDS, DevServer
from compozy.drivers.temporal.ports import free_ports
from compozy.testing.custody import Custody, open_custody

_IP: Final = "127.0.0.1"
_POLL_S: Final = 0.01
_START_S: Final = 30.0
_STOP_S: Final = 10.0
_OK: Final = 200


class TemporalServer:
    """A server, running or not. Every call blocks until it is done; from Trio, make it in a thread."""

    def __init__(self, custody: Custody, server: DevServer) -> None:
        self._custody = custody
        self._server = server
        self._log = custody.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """``host:port``, for ``temporal.host_port``; the same for as long as the server is open."""
        return self._server.address

    @property
    def pid(self) -> int:
        """Its process.

        Raises:
            UnavailableError: The server does not run.
        """
        return self._running().pid

    def start(self) -> None:
        """Start, and wait until the server answers.

        Raises:
            InvalidError: The server runs already.
            UnavailableError: It ended instead, or took longer than half a minute; with the end of its log.
        """
        if self._process is not None and self._process.poll() is None:
            raise InvalidError(f"the server runs already, as process {self.pid}; stop it first")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - of the package that was asked for
                self._server.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "HOME": str(self._custody.folder)},
                cwd=self._custody.folder,
                process_group=self._custody.group,
                pass_fds=(self._custody.leash,),
            )
        try:
            self._wait_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in good order. Nothing when it is stopped; a server that takes longer than 10 s is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        process.send_signal(signal.SIGCONT)  # if somebody made it stand still
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Kill it, of KILL: what a crash looks like to clients.

        Raises:
            UnavailableError: The server does not run.
        """
        process, self._process = self._running(), None
        process.kill()
        process.wait()

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines that the server has written, over all its runs."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise UnavailableError("the server does not run; start it first")
        return self._process

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            if self._is_ready():
                return
            time.sleep(_POLL_S)  # it tells nobody otherwise
        status = process.poll()
        reason = f"was not ready within {_START_S:g} s" if status is None else f"ended with exit status {status}"
        raise UnavailableError(f"the server {reason}; its log ends\n{self.log_tail()}")

    def _is_ready(self) -> bool:
        connection = HTTPConnection(_IP, self._server.http_port, timeout=_START_S)
        try:
            connection.request("GET", f"/api/v1/namespaces/{self._server.namespace}")
            return connection.getresponse().status == _OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def open_temporal_server() -> Iterator[TemporalServer]:
    """Open a server that runs, without executions; on leaving, it is stopped, and nothing is left.

    ::

        with open_temporal_server() as server:
            client = await Client.connect(server.address)

    Raises:
        UnavailableError: The program is not installed, or the server does not start; says why.
    """
    binary = find_cli(None)
    with open_custody("compozy-temporal-") as custody:
        port, http_port, metrics_port = free_ports(3, _IP)
        dev_server = DevServer(
            binary=binary,
            database_file=custody.folder / "temporal.db",
            ip=_IP,
            port=port,
            http_port=http_port,
            metrics_port=metrics_port,
            keywords=KEYWORDS,
        )
        server = TemporalServer(custody, dev_server)
        try:
            server.start()
            yield server
        finally:
            server.stop()
