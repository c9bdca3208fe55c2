"""Connecting: where a database is, who asks, and how long to wait for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from compozy.domain.errors import InvalidError, Problem
from compozy.drivers.postgres.tls import SslMode, make_context

__all__ = ["URL_HINT", "Connecting", "SslMode"]

URL_HINT: Final = "postgres://user@host:port/database; special characters in a password are percent-encoded"
"""What the URL of a database looks like."""

_PORT: Final = 5432
_MAX_PORT: Final = 65535
_MAX_TIMEOUT: Final = timedelta(days=24)  # the server counts milliseconds in 31 bits
_SCHEMES: Final = ("postgres", "postgresql")


@attrs.frozen(kw_only=True)
class Connecting:
    """How to reach a database; none of it is tried before a store is opened.

    What neither the URL nor another setting says comes from where ``psql`` has it: the ``PG…`` environment variables
    and the password file.

    Attributes:
        url: ``postgres://user:password@host:port/database?sslmode=…``; the other settings take precedence over it.
        host: Name, address, or the folder of a Unix socket.
        port: From 1 to 65535.
        user: Who asks.
        password: Theirs.
        database: Its name.
        ssl: Whether the connection is encrypted and who must have signed the server's certificate. None means what the
            URL says, else ``verify-full`` with ``ssl_ca``, else ``prefer``.
        ssl_ca: File with the authorities to trust (PEM); None means those of the system.
        ssl_cert: File with the certificate to show (PEM).
        ssl_key: File with its key; None means that ``ssl_cert`` holds it.
        pool_min: How many connections are kept open when nothing happens.
        pool_max: How many are open at most; transactions beyond wait for their turn.
        connect_timeout: For a connection to be made, the greetings included.
        statement_timeout: For the server to carry out one statement, waiting for locks included.
        command_timeout: For the server to answer; longer than ``statement_timeout``, so that it can say what was wrong.
        application_name: As the server's operator sees it.

    Raises:
        InvalidError: From the constructor; says of every setting what is wrong with it.
    """

    url: str | None = attrs.field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    database: str | None = None
    ssl: SslMode | None = None
    ssl_ca: Path | None = None
    ssl_cert: Path | None = None
    ssl_key: Path | None = None
    pool_min: int = 1
    pool_max: int = 10
    connect_timeout: timedelta = timedelta(seconds=10)
    statement_timeout: timedelta = timedelta(seconds=30)
    command_timeout: timedelta = timedelta(seconds=40)
    application_name: str = "compozy"

    def __attrs_post_init__(self) -> None:
        problems = [*self._address_problems(), *self._ssl_problems(), *self._limit_problems()]
        if problems:
            raise InvalidError(problems)

    @property
    def place(self) -> str:
        """The database as its user knows it, without who asks and their password."""
        url = urlsplit(self.url or "")
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        host = self.host or unquote(url.netloc.rpartition("@")[2]) or query.get("host") or "the default host"
        database = self.database or unquote(url.path.lstrip("/")) or query.get("dbname") or query.get("database")
        port = f":{self.port}" if self.port not in (None, _PORT) else ""
        return f"{host}{port}/{database or ''}"

    def arguments(self, *, unlimited: bool = False) -> dict[str, Any]:
        """Return what ``asyncpg.connect`` takes. Reads the files of the certificates, so it may block.

        Args:
            unlimited: Whether statements may take as long as they need.

        Raises:
            InvalidError: A file cannot be read, or is not what its setting says.
        """
        given = {key: getattr(self, key) for key in ("host", "port", "user", "password", "database")}
        return given | {
            "dsn": self.url,
            "ssl": make_context(self.ssl, ca=self.ssl_ca, cert=self.ssl_cert, key=self.ssl_key),
            "timeout": self.connect_timeout.total_seconds(),
            "server_settings": self._session_settings(unlimited=unlimited),
        }

    def _session_settings(self, *, unlimited: bool) -> dict[str, str]:
        # A process that stands still within a transaction must not keep others out for ever.
        limits = {
            "statement_timeout": self.statement_timeout,
            "idle_in_transaction_session_timeout": self._idle_timeout,
        }
        return {
            "application_name": self.application_name,
            "jit": "off",  # our statements are short: compiling one takes longer than carrying it out
            **{name: "0" if unlimited else _in_ms(limit) for name, limit in limits.items()},
        }

    @property
    def _idle_timeout(self) -> timedelta:
        # Long enough that a caller who is still there hears of the command_timeout before.
        return min(2 * self.command_timeout, _MAX_TIMEOUT)

    def _address_problems(self) -> Iterator[Problem]:
        if self.url is None and self.host is None:
            yield Problem(key="url", message="neither url nor host is given", hint=URL_HINT)
        if self.url is not None and not _is_url(self.url):
            # What was given is not shown, because there is a password in it.
            yield Problem(key="url", message="not the URL of a database", hint=URL_HINT)
        if self.port is not None and not _is_port(str(self.port)):
            yield Problem(key="port", message=f"{self.port} is not a port", hint=f"1 to {_MAX_PORT}")

    def _ssl_problems(self) -> Iterator[Problem]:
        if self.ssl in (SslMode.DISABLE, SslMode.PREFER):
            for key in ("ssl_ca", "ssl_cert", "ssl_key"):
                if getattr(self, key) is not None:
                    yield Problem(key=key, message=f"useless with ssl {self.ssl.value}", hint="ssl: verify-full")
        if self.ssl_key is not None and self.ssl_cert is None:
            yield Problem(key="ssl_key", message="there is no ssl_cert it belongs to", hint="give ssl_cert as well")

    def _limit_problems(self) -> Iterator[Problem]:
        if self.pool_max < 1:
            yield Problem(key="pool_max", message=f"{self.pool_max} is too few", hint="1 or more")
        if not 0 <= self.pool_min <= max(self.pool_max, 0):
            hint = f"0 to pool_max, which is {self.pool_max}"
            yield Problem(key="pool_min", message=f"{self.pool_min} is out of range", hint=hint)
        for key in ("connect_timeout", "statement_timeout", "command_timeout"):
            if not timedelta(milliseconds=1) <= getattr(self, key) <= _MAX_TIMEOUT:
                yield Problem(key=key, message=f"{getattr(self, key)} is out of range", hint="1 ms to 24 days")
        if "\0" in self.application_name:
            yield Problem(key="application_name", message=f"{self.application_name!r} holds a NUL", hint="leave it out")


def _in_ms(duration: timedelta) -> str:
    return str(duration // timedelta(milliseconds=1))


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        query = parse_qs(url.query, strict_parsing=bool(url.query))
    except ValueError:
        return False
    # There may be several hosts, each with a port; those of an IPv6 address are within brackets.
    hosts = url.netloc.rpartition("@")[2].split(",")
    ports = [host.rpartition(":")[2] for host in hosts if ":" in host.rpartition("]")[2]]
    ports += ",".join(query.get("port", [])).split(",") if "port" in query else []
    return url.scheme in _SCHEMES and not url.fragment and all(map(_is_port, ports))


def _is_port(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) <= _MAX_PORT
