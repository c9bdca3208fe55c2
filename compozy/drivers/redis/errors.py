"""What redis-py's errors mean to the rest of the program; the one place that translates them.

The class decides, and for what the server says without a class of its own the beginning of its message does. Whatever
is in :data:`OUR_BUGS`, and a refusal that is not in :data:`REFUSALS`, is left as it is: only a mistake in this driver
produces it, and nobody can handle that.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from redis import exceptions as rx

from compozy.domain.errors import CompozyError, ConflictError, InvalidError, Problem, UnavailableError

RAISED: Final = (rx.RedisError, OSError)
"""What redis-py raises. Timeouts are among both."""

Meaning: TypeAlias = Callable[[str, str], CompozyError]
"""Makes an error of what was said and the place."""


def _not_now(way_out: str) -> Meaning:
    return lambda said, place: UnavailableError(f"redis at {place} cannot be used now: {said}; {way_out}")


def _wrong_setting(key: str, way_out: str) -> Meaning:
    return lambda said, place: InvalidError(Problem(message=f"redis at {place} refuses: {said}", key=key, hint=way_out))


def _conflict(way_out: str) -> Meaning:
    return lambda said, _: ConflictError(f"{said}; nothing was changed; {way_out}")


_REACH: Final = _not_now("check that the server runs and can be reached")
_LOGIN: Final = _wrong_setting("password", "check username and password")
_SINGLE: Final = _wrong_setting("url", "use a server that is no member of a cluster")
_INTEGER: Final = _conflict("counters are integers of 64 bits")

MEANINGS: Final[Mapping[type[Exception], Meaning]] = {
    rx.ConnectionError: _REACH,
    rx.TimeoutError: _not_now("it does not answer in time: check that it runs and can be reached"),
    rx.BusyLoadingError: _not_now("it is starting: try again"),
    rx.MaxConnectionsError: _not_now("use fewer connections (pool_size)"),
    rx.ExternalAuthProviderError: _not_now("look at the server's log"),
    rx.InvalidResponse: _not_now("check that a Redis server answers there"),
    rx.AuthenticationError: _LOGIN,
    rx.AuthenticationWrongNumberOfArgsError: _LOGIN,
    rx.AuthorizationError: _LOGIN,
    rx.NoPermissionError: _wrong_setting("username", "grant the user all commands on all keys and channels"),
    rx.OutOfMemoryError: _conflict("the server's memory is full: delete something, or raise its maxmemory"),
    rx.ReadOnlyError: _not_now("it takes no writes: connect to the primary"),
    rx.MasterDownError: _not_now("its primary is down: try again"),
    rx.ClusterDownError: _not_now("its cluster is down: try again"),
    rx.TryAgainError: _not_now("try again"),
    rx.AskError: _SINGLE,
    rx.MovedError: _SINGLE,
    rx.ClusterCrossSlotError: _SINGLE,
    OSError: _REACH,
    TimeoutError: _not_now("it does not answer in time: check that it runs and can be reached"),
    ssl.SSLCertVerificationError: _wrong_setting("ssl_ca", "give the authority that signed its certificate"),
    ssl.SSLError: _wrong_setting("url", "check that the server speaks TLS (rediss://), and the certificates"),
}
"""What each class means; of one that is not here, its nearest ancestor."""

REFUSALS: Final[Mapping[str, Meaning]] = {
    "WRONGTYPE": _conflict("use another key, or delete this one"),
    "value is not an integer or out of range": _INTEGER,
    "hash value is not an integer": _INTEGER,
    "increment or decrement would overflow": _INTEGER,
    "COMPOZY-CONFLICT": _conflict("look at what was written there"),  # our scripts say so
    "DB index is out of range": _wrong_setting("database", "use one that the server has"),
    "BUSY": _not_now("it is carrying out somebody's long script: try again"),
    "MISCONF": _not_now("it cannot save to disk: look at its log"),
    "NOREPLICAS": _not_now("too few of its replicas are connected: try again"),
    # Out of a script, these come without their class.
    "OOM": MEANINGS[rx.OutOfMemoryError],
    "READONLY": MEANINGS[rx.ReadOnlyError],
    "NOPERM": MEANINGS[rx.NoPermissionError],
}
"""What the server says without a class of its own, by how it begins."""

# Before version 7, Redis says so in front of what a command in a script was refused with.
_IN_SCRIPT: Final = re.compile(r"Error running script \(call to f_[0-9a-f]+\): (@user_script: ?[0-9]+: )*")

OUR_BUGS: Final = frozenset(
    {
        rx.RedisError,  # none is raised as such
        rx.ResponseError,  # a refusal that is not above
        rx.DataError,
        rx.ExecAbortError,
        rx.LockError,
        rx.LockNotOwnedError,
        rx.ModuleError,
        rx.NoScriptError,  # scripts.py deals with it
        rx.NoSuchFieldsetError,
        rx.PubSubError,
        rx.WatchError,
        rx.ChildDeadlockedError,
        # Of redis-py's client for clusters, which is not used.
        rx.ClusterError,
        rx.CrossSlotTransactionError,
        rx.IncorrectPolicyType,
        rx.InvalidPipelineStack,
        rx.RedisClusterException,
        rx.SlotNotCoveredError,
    }
)
"""The classes that only a mistake in this driver produces."""


def translate(error: Exception, place: str) -> Exception:
    """Return the error of the domain that ``error`` means, caused by it; ``error`` itself when it is our bug.

    Args:
        error: What redis-py raised.
        place: The server as the user knows it.
    """
    make = _meaning(error)
    if make is None:
        return error
    meaning = make(_said(error), place)
    meaning.__cause__ = error
    return meaning


def _meaning(error: Exception) -> Meaning | None:
    if type(error) is rx.ConnectionError:
        # Of what went wrong while it connected, redis-py says only that it could not.
        reason = error.__cause__ or error.__context__
        if isinstance(reason, rx.RedisError | ssl.SSLError):
            return _meaning(reason)
    if type(error) is rx.ResponseError:
        said = _said(error)
        return next((make for begin, make in REFUSALS.items() if said.startswith(begin)), None)
    for kind in type(error).__mro__:
        if kind in OUR_BUGS:
            return None
        if kind in MEANINGS:
            return MEANINGS[kind]
    return None


def _said(error: Exception) -> str:
    """Return the message in one line."""
    return _IN_SCRIPT.sub("", " ".join(str(error).split())).removesuffix(".") or type(error).__name__
