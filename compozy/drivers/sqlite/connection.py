"""Connections to the database file: how it is created and which PRAGMAs every connection has."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Final, Literal, TypeAlias

from compozy.domain.errors import UnavailableError
from compozy.drivers.sqlite.errors import translated

Place: TypeAlias = Path | Literal[":memory:"]
"""Where a database is: a file, or the memory of this process for as long as the store is open."""

BUSY_TIMEOUT_MS: Final = 5000
_SWITCH_RETRY_S: Final = 0.005
_MINIMUM: Final = (3, 37)  # STRICT tables; RETURNING came two versions earlier


def connect_writer(place: Place) -> sqlite3.Connection:
    """Return a connection that may write, creating the file (mode 0600) when it is absent.

    The caller may hand it to another thread, one at a time.

    Raises:
        UnavailableError: The file cannot be opened or written now, or SQLite is too old.
        InvalidError: The file is something else than a database.
    """
    if sqlite3.sqlite_version_info < _MINIMUM:
        needed = ".".join(map(str, _MINIMUM))
        raise UnavailableError(
            f"SQLite {sqlite3.sqlite_version} is too old: use a Python with SQLite {needed} or newer"
        )
    if place != ":memory:":
        create(place)
    return _open(place, _set_up_writer)


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that SQLite itself keeps from writing.

    Raises:
        UnavailableError: The file cannot be opened now.
    """
    return _open(path, _set_up_reader)


def _set_up_writer(connection: sqlite3.Connection) -> None:
    _use_wal(connection)  # a database in memory says no and goes on without
    # A commit is in the operating system's hands when it returns, so it survives the death of the process; after a
    # power loss the newest commits may be gone, the file stays whole.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _set_up_reader(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and the writer not wait for each other; the file remembers it.

    Where two processes switch a new file at the same moment, SQLite refuses one of them at once instead of waiting
    (its busy timeout does not apply to this lock), and offers no event to wait for.
    """
    deadline = monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(_SWITCH_RETRY_S)
        else:
            return


def create(path: Path) -> None:
    """Create the file, unless it is there, for its owner alone; SQLite gives its ``-wal`` and ``-shm`` the same mode.

    O_EXCL also keeps us from opening a file that is there: closing any descriptor of a file drops every POSIX lock
    that this process holds on it, those of another store's connections included.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        way_out = "create its folder" if isinstance(error, FileNotFoundError) else "check its folder"
        raise UnavailableError(f"the database {path} cannot be created: {error.strerror}; {way_out}") from error


def _open(place: Place, set_up: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    # mode=rw: a file that vanished is an error, never silently a new and empty database.
    name = place if place == ":memory:" else f"{Path(place).absolute().as_uri()}?mode=rw"
    with translated(str(place)):
        connection = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
        try:
            # First, so that the other PRAGMAs wait for locks as well.
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            set_up(connection)
        except BaseException:
            connection.close()
            raise
    return connection
