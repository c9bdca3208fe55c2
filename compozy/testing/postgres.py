"""A PostgreSQL server for tests and demos: a real one, from a Python package, on a Unix socket.

It takes half a second to open and 20 ms per database, more if there is no memory for it and the disk is slow. It needs
no network, no container and no rights, and it ends with the program that started it, however that ends
(`compozy.testing.custody`). What was committed survives a killed server, but not a power cut.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import psutil

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.testing.custody import Custody, open_custody
from compozy.testing.lineage import Lineage
from compozy.testing.postgres_data import OWNER, lay_out, read_notes, release_memory
from compozy.testing.postgres_programs import ENVIRONMENT, Account, find_account, find_programs

_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "16MB",
    # Nothing here has to survive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    # Nobody replicates it, so it logs less and needs fewer processes.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    # In the data folder, and not in /dev/shm, where it would stay when the server is killed.
    "dynamic_shared_memory_type": "mmap",
    "log_checkpoints": "off",
}

_POLL_S = 0.01
_START_S = 60.0
_STOP_S = 30.0
_NO_CONNECTION = 2  # psql's exit status; 1 and 3 are for what it was told to do


class PostgresServer:
    """A server, running or not, and its data.

    Every call blocks until it is done; from Trio, make it in a thread.
    """

    def __init__(self, custody: Custody, *, data: Path, programs: Path, account: Account) -> None:
        self._custody = custody
        self._data = data
        self._programs = programs
        self._account = account
        self._log = custody.folder / "log"
        self._lineage: Lineage | None = None

    @property
    def pid(self) -> int:
        """The process that accepts connections, parent of those that serve them.

        Raises:
            UnavailableError: The server does not run.
        """
        return self._running().process.pid

    def url(self, database: str = "postgres") -> str:
        """Return where a database is, for asyncpg and everything else that reads the URLs of libpq."""
        return f"postgresql:///{quote(database, safe='')}?{urlencode({'host': self._custody.folder, 'user': OWNER})}"

    def start(self) -> None:
        """Start on the data that there is, and wait until connections are answered.

        Raises:
            InvalidError: The server runs already.
            UnavailableError: It ended instead, or took longer than a minute; with the end of its log.
        """
        if self._lineage is not None and self._lineage.runs:
            raise InvalidError(f"the server runs already, as process {self.pid}; stop it first")
        self.stop()  # somebody else may have killed it, and then its children take a moment to notice
        self._lineage = Lineage(self._spawn)
        try:
            self._wait_ready(self._lineage.process)
        except BaseException:
            self.stop()
            raise

    def _spawn(self, mark: int) -> subprocess.Popen[bytes]:
        settings = _SETTINGS | {"unix_socket_directories": str(self._custody.folder)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - of the package that was asked for
                [self._programs / "postgres", "-D", self._data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                cwd="/",
                process_group=self._custody.group,
                pass_fds=(self._custody.leash, mark),
                **self._account.popen_arguments(),
            )

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            notes = read_notes(self._data)  # as pg_ctl does: it tells nobody otherwise
            if notes is not None and notes.pid == process.pid and notes.status == "ready":
                return
            time.sleep(_POLL_S)
        status = process.poll()
        reason = f"was not ready within {_START_S:g} s" if status is None else f"ended with exit status {status}"
        raise UnavailableError(f"the server {reason}; its log ends\n{self.log_tail()}")

    def stop(self) -> None:
        """Stop in good order: connections are closed, transactions under way rolled back. Nothing when it is stopped.

        A server that takes longer than half a minute is killed.
        """
        lineage = self._lineage
        if lineage is None:
            return
        lineage.process.send_signal(signal.SIGINT)
        try:
            lineage.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            self._forget(lineage)

    def kill(self) -> None:
        """Kill the server and its children, of KILL, and wait until they are gone: what a crash looks like to clients.

        Raises:
            UnavailableError: The server does not run.
        """
        lineage = self._running()
        process = lineage.process
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)  # from here on it bears no more children
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._forget(lineage)

    def _running(self) -> Lineage:
        if self._lineage is None or not self._lineage.runs:
            raise UnavailableError("the server does not run; start it first")
        return self._lineage

    def _forget(self, lineage: Lineage) -> None:
        self._lineage = None
        if not lineage.wait_gone(_STOP_S):
            raise UnavailableError(f"children of the server are left after {_STOP_S:g} s; look for {str(self._data)!r}")
        notes = read_notes(self._data)
        if notes is not None and notes.pid == lineage.process.pid:  # it was killed, or it would have removed them
            release_memory(notes)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database.

        Args:
            name: Any, in at most 63 bytes.
            template: A database to copy, to which nobody is connected; None: an empty one.

        Raises:
            InvalidError: It exists already, or the template cannot be copied.
            UnavailableError: The server does not run.
        """
        source = f" TEMPLATE {_quoted(template)}" if template is not None else ""
        # Copied as files, it takes a third of the time that it takes page by page.
        self.run_sql(f"CREATE DATABASE {_quoted(name)}{source} STRATEGY file_copy")

    def drop_database(self, name: str) -> None:
        """Drop a database, if there is one with this name, and whoever is connected to it.

        Raises:
            UnavailableError: The server does not run.
        """
        self.run_sql(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    def run_sql(self, sql: str, *, database: str = "postgres") -> str:
        """Run a statement with ``psql``, and return the rows, one a line, columns separated by ``|``.

        Raises:
            InvalidError: The server refused it; says what the server said.
            UnavailableError: The server does not run.
        """
        done = subprocess.run(  # noqa: S603 - of the package that was asked for
            [self._programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=ENVIRONMENT | {"PGCLIENTENCODING": "UTF8"},
        )
        if done.returncode == _NO_CONNECTION:
            raise UnavailableError(done.stderr.strip())
        if done.returncode != 0:
            raise InvalidError(f"{done.stderr.strip()}, in {sql!r}")
        return done.stdout.rstrip("\n")

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines that the server has written, over all its runs."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def open_postgres_server(folder: Path | None = None) -> Iterator[PostgresServer]:
    """Open a server that runs; on leaving, it is stopped, and nothing is left but the folder, if one was given.

    ::

        with open_postgres_server() as server:
            server.create_database("orders")
            connection = await asyncpg.connect(server.url("orders"))

    As root it runs as the user ``nobody``, for PostgreSQL refuses to run as root.

    Args:
        folder: Where the data is kept: what an earlier server left there, or a folder that is empty or does not exist,
            in which new data is laid out. None: a temporary folder.

    Raises:
        InvalidError: The folder holds something else, or cannot be entered by the user that the server runs as.
        UnavailableError: The programs are not installed, or the server does not start; says why.
    """
    account = find_account()
    with open_custody("compozy-postgres-") as custody:
        account.take(custody.folder)
        programs = find_programs(account, custody.folder / "programs")
        data = custody.folder / "data" if folder is None else folder.absolute()
        if not (data / "PG_VERSION").exists():
            lay_out(data, custody=custody, programs=programs, account=account)
        server = PostgresServer(custody, data=data, programs=programs, account=account)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
