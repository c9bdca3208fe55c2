"""The Temporal dev server: how it is started, and what keeps two of them off one database.

The flags are measured, not guessed: without them a file database halves the throughput, each hop between the server's
queues waits up to 50 ms, and every short timer is rounded up to a second.

It asks nobody outside: its check for newer versions is off (it would look up ``version-info.temporal.io`` at each
start), and so is the news feed of its web page.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, UnavailableError

SUBCOMMAND: Final = ("server", "start-dev")
DATABASE_FLAG: Final = "--db-filename"

WORKFLOW_KEYWORD: Final = "CompozyWorkflowId"
PROJECT_KEYWORD: Final = "CompozyProject"
KEYWORDS: Final = (WORKFLOW_KEYWORD, PROJECT_KEYWORD)
"""The search attributes by which people find executions in Temporal."""

NO_NEWS: Final = "--ui-disable-news-fetch"
"""The flag for a web page that asks nobody outside. Versions without that news feed do not know it."""

_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000")
_DYNAMIC_CONFIG: Final = (
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    'history.timerProcessorMaxTimeShift="10ms"',
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "frontend.enableServerVersionCheck=false",
)
_WILDCARDS: Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where these are reached


@attrs.frozen(kw_only=True)
class DevServer:
    """One start of the dev server.

    Attributes:
        binary: The Temporal command line.
        database_file: Its SQLite file; the folder exists.
        ip: The address it listens on.
        port: Port of its gRPC front end.
        http_port: Port of its HTTP API.
        metrics_port: Port of its metrics.
        ui_port: Port of its web page; None: it serves none.
        has_news: Whether the page of this version would fetch news, which it is then told not to.
        namespace: The namespace that is there from the start, if the database is made now.
        keywords: Search attributes that are there from the start, if the database is made now.
        log_level: ``debug``, ``info``, ``warn``, ``error`` or ``never``.
    """

    binary: Path
    database_file: Path
    ip: str
    port: int
    http_port: int
    metrics_port: int
    ui_port: int | None = None
    has_news: bool = False
    namespace: str = "default"
    keywords: tuple[str, ...] = ()
    log_level: str = "error"

    @property
    def address(self) -> str:
        """``host:port`` at which this machine reaches the front end."""
        return self._reached(self.port)

    @property
    def ui_url(self) -> str | None:
        """Address of the web page; None when there is none."""
        return None if self.ui_port is None else f"http://{self._reached(self.ui_port)}"

    def _reached(self, port: int) -> str:
        host = _WILDCARDS.get(self.ip, self.ip)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that starts it."""
        flags = [str(self.binary), *SUBCOMMAND, "--ip", self.ip]
        if self.ui_port is None:
            flags.append("--headless")
        else:
            flags += ["--ui-port", str(self.ui_port), *([NO_NEWS] if self.has_news else [])]
        for name, port in (("port", self.port), ("http-port", self.http_port), ("metrics-port", self.metrics_port)):
            flags += [f"--{name}", str(port)]
        flags += ["--log-format", "json", "--log-level", self.log_level, DATABASE_FLAG, str(self.database_file)]
        flags += ["--namespace", self.namespace]
        for keyword in self.keywords:
            flags += ["--search-attribute", f"{keyword}=Keyword"]
        for pragma in _PRAGMAS:
            flags += ["--sqlite-pragma", pragma]
        for value in _DYNAMIC_CONFIG:
            flags += ["--dynamic-config-value", value]
        return tuple(flags)


def lock_file(database_file: Path) -> Path:
    """Return the file whose lock keeps two servers off this database."""
    return database_file.with_suffix(".lock")


@contextmanager
def database_lock(database_file: Path) -> Iterator[tuple[int, ...]]:
    """Hold the lock that keeps two servers off one database; yield the file descriptors that the child inherits.

    The lock belongs to the open file, which the server process shares: when this process is killed, the lock stays
    taken until the server that it left behind is gone too. So a new start can never meet an old server on its file.

    Raises:
        UnavailableError: Another server, ours or an orphan on its way out, holds it now.
        InvalidError: The file of the lock cannot be opened.
    """
    if sys.platform == "win32":
        yield ()
        return
    import fcntl  # noqa: PLC0415 - POSIX only

    path = lock_file(database_file)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidError(
            f"the lock of the Temporal server's database, {path}, cannot be opened: {error.strerror};"
            " give its owner the right to read and write it, or run the program as its owner"
        ) from error
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
