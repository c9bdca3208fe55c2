"""What asyncpg's errors mean to the rest of the program; the one place that translates them.

The SQLSTATE decides (https://www.postgresql.org/docs/current/errcodes-appendix.html), first the whole code, then its
class, which is its first two characters; so codes that are newer than this program have a meaning too. What is in
:data:`OUR_BUGS`, and ``asyncpg.InterfaceError``, which complains of how the library is used, is left as it is: only a
mistake in this driver produces it, and nobody can handle that.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias

from asyncpg import exceptions as pg

from compozy.domain.errors import CompozyError, ConflictError, DuplicateError, InvalidError, Problem, UnavailableError

RAISED: Final = (pg.PostgresError, pg.InterfaceError, pg.InternalClientError, OSError)
"""What asyncpg raises. Timeouts are among the last."""

AGAIN: Final = (
    pg.SerializationError,
    pg.DeadlockDetectedError,
    pg.InvalidCachedStatementError,
    pg.OutdatedSchemaCacheError,
)
"""What goes away when the whole transaction is run again: conflicts, and a schema that another process has changed."""


class TransactionConflictError(UnavailableError):
    """The transaction got in the way of another one; the store runs it again, so few callers ever see this."""


_Meaning: TypeAlias = Callable[[str, str], CompozyError]
"""Makes an error of what the server said and the place."""


def _not_now(way_out: str) -> _Meaning:
    def meaning(said: str, place: str) -> CompozyError:
        return UnavailableError(f"the database {place} cannot be used now: {said}; {way_out}")

    return meaning


def _wrong_setting(key: str, way_out: str) -> _Meaning:
    def meaning(said: str, place: str) -> CompozyError:
        return InvalidError(Problem(message=f"the server of {place} refuses: {said}", key=key, hint=way_out))

    return meaning


def _wrong_value(said: str, place: str) -> CompozyError:
    return InvalidError(f"a value cannot be stored in {place}: {said}")


def _refers_to_none(_: str, place: str) -> CompozyError:
    return ConflictError(f"a record in {place} refers to one that is absent: write that one first")


def _is_there(said: str, place: str) -> CompozyError:
    return DuplicateError(f"a record is in {place} already: {said}")


def _conflict(said: str, place: str) -> CompozyError:
    return TransactionConflictError(f"a transaction in {place} got in the way of others: {said}; try again")


_RIGHTS: Final = _wrong_setting("user", "grant it the right, or use another user")

MEANINGS: Final[Mapping[str, _Meaning]] = {
    "08": _not_now("check that the server runs and can be reached"),
    "0P": _wrong_setting("user", "create the role, or use another user"),
    "22": _wrong_value,
    "23": _wrong_value,
    "23503": _refers_to_none,
    "23505": _is_there,
    "25006": _not_now("it takes no writes: connect to the primary"),
    "25P03": _not_now("the transaction stood still for too long: try again"),
    "25P04": _not_now("the transaction took too long: try again"),
    "28": _wrong_setting("user", "check user and password, and the server's pg_hba.conf"),
    "28P01": _wrong_setting("password", "check user and password"),
    "3D": _wrong_setting("database", "create the database, or use another"),
    "3F": _wrong_setting("database", "create the schema that the user's search_path names"),
    "40": _conflict,
    "42501": _RIGHTS,
    "53": _not_now("try again with less load, or give the server more room"),
    "53100": _not_now("the server's disk is full: make room, then try again"),
    "53300": _not_now("let the server take more connections, or open fewer (pool_max)"),
    "54": _wrong_value,
    "55006": _not_now("something else keeps it busy: try again"),
    "55P03": _not_now("something else keeps it locked: try again"),
    "57": _not_now("the server is starting or stopping: try again"),
    "57014": _not_now("the statement took longer than statement_timeout, or was cancelled: try again"),
    "57P04": _wrong_setting("database", "the database was dropped: create it, or use another"),
    "58": _not_now("look at the server's log"),
    "72": _not_now("try again"),
    "F0": _not_now("look at the server's configuration"),
    "XX": _not_now("look at the server's log"),
    "XX001": _not_now("its content is damaged: restore a backup"),
    "XX002": _not_now("an index is damaged: reindex it"),
}
"""What each SQLSTATE, or class of them, means."""

OUR_BUGS: Final = frozenset(
    "03 09 0A 0B 0F 0L 0Z 10 20 21 24 25 26 27 2B 2D 2F 34 38 39 3B 42 44 55 HV P0".split()  # noqa: SIM905 - a table
)
"""The classes that only a mistake in this driver, or somebody else's trigger in our tables, produces."""

CLIENT_MEANINGS: Final[Mapping[type[Exception], _Meaning]] = {
    pg.ClientConfigurationError: _wrong_setting("url", "check the connection's settings"),
    pg.UnsupportedClientFeatureError: _wrong_setting("user", "let the server authenticate it with a password (SCRAM)"),
    pg.UnsupportedServerFeatureError: _wrong_setting("url", "use PostgreSQL 14 or newer"),
    pg.TargetServerAttributeNotMatched: _not_now("none of its hosts is of the kind that the url asks for: try again"),
    pg.ProtocolError: _not_now("check that a PostgreSQL server answers there"),
    # What a server says in the middle of nothing, that it is going down, leaves asyncpg in a state in which it refuses
    # everything with this, until it finds the connection closed.
    pg.InternalClientError: _not_now("try again"),
    pg.FatalPostgresError: _not_now("look at the server's log"),
    ssl.SSLCertVerificationError: _wrong_setting("ssl", "give the authority that signed it (ssl_ca), check the host"),
    ssl.SSLError: _wrong_setting("ssl", "check the mode and the certificates"),
    TimeoutError: _not_now("it does not answer: check that the server runs and can be reached"),
    OSError: _not_now("check that the server runs and can be reached"),
}
"""What is not said by the server, or in no code that anybody knows; the first that fits counts."""


def translate(error: BaseException, place: str) -> BaseException:
    """Return the error of the domain that ``error`` means, caused by it; ``error`` itself when it is our bug.

    Args:
        error: What asyncpg raised.
        place: The database as the user knows it.
    """
    make = _meaning(error)
    if make is None:
        return error
    meaning = make(_said(error), place)
    meaning.__cause__ = error
    return meaning


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether the transaction should be run again."""
    return isinstance(error, AGAIN)


def is_from_client(error: BaseException) -> bool:
    """Tell whether the server has not said it: asyncpg makes some of the server's errors itself."""
    return getattr(error, "severity", None) is None


def _meaning(error: BaseException) -> _Meaning | None:
    if is_conflict(error):
        return _conflict
    if isinstance(error, pg.PostgresError):
        code = str(error.sqlstate or "")
        if (make := MEANINGS.get(code) or MEANINGS.get(code[:2])) is not None:
            return make
    return next((make for kind, make in CLIENT_MEANINGS.items() if isinstance(error, kind)), None)


def _said(error: BaseException) -> str:
    """Return the message without DETAIL, which quotes rows, and in one line."""
    if _is_loss(error):
        return "the connection was lost"
    first = error.args[0] if isinstance(error, pg.PostgresError | pg.InterfaceError) and error.args else error
    return " ".join(str(first).split()) or type(error).__name__


def _is_loss(error: BaseException) -> bool:
    """Tell whether this is how asyncpg says, in words about its own insides, that the connection is gone."""
    is_closed = isinstance(error, pg.ConnectionDoesNotExistError) and is_from_client(error)
    return is_closed or type(error) in (pg.InternalClientError, ConnectionError)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what asyncpg raises inside as errors of the domain.

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
