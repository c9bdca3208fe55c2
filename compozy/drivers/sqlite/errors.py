"""What SQLite's errors mean to the rest of the program; the one place that translates them.

The primary result code decides (https://www.sqlite.org/rescode.html). Codes in :data:`OUR_BUGS` are left as they are:
only a mistake in this driver produces them, and nobody can handle that.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from compozy.domain.errors import ConflictError, InvalidError, UnavailableError

RAISED: Final = (sqlite3.Error, UnicodeEncodeError, OverflowError)
"""What the ``sqlite3`` module raises; the last two are about values that it cannot bind."""

WAYS_OUT: Final = {
    sqlite3.SQLITE_BUSY: "another process keeps it locked: end that process, or try again",
    sqlite3.SQLITE_LOCKED: "another connection keeps it locked: try again",
    sqlite3.SQLITE_PERM: "check the owner and the mode of the file and of its folder",
    sqlite3.SQLITE_READONLY: "check the owner and the mode of the file and of its folder",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists and may be written",
    sqlite3.SQLITE_FULL: "the disk is full: make room, then try again",
    sqlite3.SQLITE_IOERR: "the disk fails: look at the system's log",
    sqlite3.SQLITE_NOMEM: "the memory is used up: try again with less load",
    sqlite3.SQLITE_INTERRUPT: "the call was interrupted: try again",
    sqlite3.SQLITE_PROTOCOL: "its lock file is contended: try again",
    sqlite3.SQLITE_NOLFS: "the file is larger than this system supports: move it to another file system",
    sqlite3.SQLITE_CORRUPT: "its content is damaged: restore a backup",
}
"""The codes that mean "not now", each with what a person can do about it."""

CALLERS_FAULT: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG})
"""The codes that mean that the caller gave a wrong file or a wrong value."""

OUR_BUGS: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_ABORT,
        sqlite3.SQLITE_NOTFOUND,
        sqlite3.SQLITE_EMPTY,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_RANGE,
    }
)
"""The codes that only a mistake in this driver produces."""


def translate(error: Exception, place: str) -> Exception:
    """Return the error of the domain that ``error`` means, caused by it; ``error`` itself when it is our bug.

    Each call returns a fresh one, so that several callers can be answered with the same failure.

    Args:
        error: What the ``sqlite3`` module raised.
        place: The database as the user knows it.
    """
    meaning = _meaning(error, place)
    if meaning is not error:
        meaning.__cause__ = error
    return meaning


def _meaning(error: Exception, place: str) -> Exception:
    # Errors that the Python module itself raises (a value it cannot bind, a closed connection) carry no code.
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.DataError | UnicodeEncodeError | OverflowError):
        return InvalidError(f"a value cannot be stored in {place}: {error}")
    if code is None:
        return error
    primary = code & 0xFF
    if primary in WAYS_OUT:
        return UnavailableError(f"the database {place} cannot be used now: {error}; {WAYS_OUT[primary]}")
    if primary == sqlite3.SQLITE_NOTADB:
        return InvalidError(f"{place} is not an SQLite database: choose another path, or move the file away")
    return _constraint(error, code, place) if primary == sqlite3.SQLITE_CONSTRAINT else error


def _constraint(error: Exception, code: int, place: str) -> Exception:
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return ConflictError(f"a record in {place} refers to one that is absent: write that one first")
    return InvalidError(f"a value cannot be stored in {place}: {error}")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what SQLite raises inside as errors of the domain.

    Args:
        place: The database as the user knows it.

    Raises:
        CompozyError: As :func:`translate` says.
    """
    try:
        yield
    except RAISED as error:
        meaning = translate(error, place)
        if meaning is error:
            raise
        raise meaning from error
