"""Connecting: where a Redis server is, who asks, and how long to wait for it."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection

from compozy.domain.errors import InvalidError, Problem

_PORT: Final = 6379
_MAX_PORT: Final = 65535
_MAX_TIMEOUT: Final = timedelta(days=1)
_SCHEMES: Final = ("redis", "rediss", "unix")
_URL_HINT: Final = "redis://host:port/database, rediss://… for TLS, or unix:///path/of/socket?db=database"


@attrs.frozen(kw_only=True)
class Connecting:
    """How to reach a Redis server; none of it is tried before a cache is opened.

    Attributes:
        url: ``redis://user:password@host:port/database``, ``rediss://…`` for TLS, or ``unix:///path?db=database``; the
            other settings take precedence over it.
        host: Name or address.
        port: From 1 to 65535.
        username: Who asks; None is the server's default user.
        password: Theirs.
        database: Its number, from 0.
        ssl: Whether the connection is encrypted; None means what the URL says.
        ssl_ca: File with the authorities to trust (PEM); None means those of the system.
        ssl_cert: File with the certificate to show (PEM).
        ssl_key: File with its key; None means that ``ssl_cert`` holds it.
        pool_size: How many connections for commands there are at most; one more is for subscriptions. Each serves any
            number of callers, and all commands on one key go through the same.
        connect_timeout: For a connection to be made, the greetings included.
        command_timeout: For the server to answer.
        client_name: As the server's operator sees it (``CLIENT LIST``).

    Raises:
        InvalidError: From the constructor; says of every setting what is wrong with it.
    """

    url: str | None = attrs.field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    database: int | None = None
    ssl: bool | None = None
    ssl_ca: Path | None = None
    ssl_cert: Path | None = None
    ssl_key: Path | None = None
    pool_size: int = 4
    connect_timeout: timedelta = timedelta(seconds=5)
    command_timeout: timedelta = timedelta(seconds=5)
    client_name: str = "compozy"

    def __attrs_post_init__(self) -> None:
        problems = [*self._address_problems(), *self._ssl_problems(), *self._limit_problems()]
        if problems:
            raise InvalidError(problems)

    @property
    def place(self) -> str:
        """The server as its user knows it, without who asks and their password."""
        address = self._address()
        if "path" in address:
            return f"{address['path']}?db={address['db']}" if address["db"] else f"{address['path']}"
        return f"{address['host']}:{address['port']}/{address['db']}"

    def make_connection(self) -> AbstractConnection:
        """Return a connection that is not open yet. Called on the loop.

        It has no time limits of its own: whoever uses it has, at less cost.
        """
        arguments = self._address() | {
            "username": self.username or _decoded(self._parts.username),
            "password": self.password or _decoded(self._parts.password),
            "socket_timeout": None,
            "socket_connect_timeout": None,
            "client_name": self.client_name,
            "driver_info": None,  # saves two round trips that Redis 6.2 answers with errors
            "protocol": 2,  # is enough, and cheaper to read than 3
        }
        if "path" in arguments:
            return UnixDomainSocketConnection(**arguments)
        return SSLConnection(**arguments, **self._ssl_arguments()) if self._is_encrypted else Connection(**arguments)

    def check_files(self) -> None:
        """Read the files of the certificates, so this may block.

        Raises:
            InvalidError: One cannot be read, or is not what its setting says.
        """
        if not self._is_encrypted:
            return
        try:
            context = ssl.create_default_context(cafile=self.ssl_ca)
        except OSError as error:  # ssl.SSLError is one
            raise _unusable("ssl_ca", self.ssl_ca, error, "a file of certificates in PEM") from error
        for key, file in (("ssl_cert", self.ssl_cert), ("ssl_key", self.ssl_key)):
            if file is not None and not file.is_file():
                raise _unusable(key, file, "there is no such file", "a file in PEM")
        if self.ssl_cert is not None:
            try:
                context.load_cert_chain(self.ssl_cert, self.ssl_key, password="")
            except OSError as error:
                hint = "a certificate and its key, not encrypted, both in PEM"
                raise _unusable("ssl_key", self.ssl_key or self.ssl_cert, error, hint) from error

    @property
    def _parts(self) -> Any:
        return urlsplit(self.url or "")

    @property
    def _is_encrypted(self) -> bool:
        return self._parts.scheme == "rediss" if self.ssl is None else self.ssl

    def _address(self) -> dict[str, Any]:
        url = self._parts
        db = self.database if self.database is not None else _database(url)
        if url.scheme == "unix" and self.host is None:
            return {"path": unquote(url.path), "db": db}
        return {"host": self.host or _decoded(url.hostname), "port": self.port or url.port or _PORT, "db": db}

    def _ssl_arguments(self) -> dict[str, Any]:
        # An encrypted key would otherwise be asked for on the terminal.
        files = {"ssl_ca_certs": self.ssl_ca, "ssl_certfile": self.ssl_cert, "ssl_keyfile": self.ssl_key}
        return {key: str(file) for key, file in files.items() if file is not None} | {"ssl_password": ""}

    def _address_problems(self) -> Iterator[Problem]:
        if self.url is None and self.host is None:
            yield Problem(key="url", message="neither url nor host is given", hint=_URL_HINT)
        if self.url is not None and not _is_url(self.url):
            # What was given is not shown, because there may be a password in it.
            yield Problem(key="url", message="not the URL of a Redis server", hint=_URL_HINT)
        if self.port is not None and not 1 <= self.port <= _MAX_PORT:
            yield Problem(key="port", message=f"{self.port} is not a port", hint=f"1 to {_MAX_PORT}")
        if self.database is not None and self.database < 0:
            yield Problem(key="database", message=f"{self.database} is not a database", hint="0 or more")
        if self.username is not None and self.password is None and self._password_in_url() is None:
            yield Problem(key="username", message="there is no password for it", hint="give password as well")

    def _password_in_url(self) -> str | None:
        try:
            password: str | None = self._parts.password
        except ValueError:
            return None
        return password

    def _ssl_problems(self) -> Iterator[Problem]:
        if self.url is not None and not _is_url(self.url):
            return
        if not self._is_encrypted:
            for key in ("ssl_ca", "ssl_cert", "ssl_key"):
                if getattr(self, key) is not None:
                    yield Problem(key=key, message="useless without TLS", hint="rediss://…, or ssl: true")
        elif self._parts.scheme == "unix" and self.host is None:
            yield Problem(key="ssl", message="a Unix socket is not encrypted", hint="leave it out")
        if self.ssl_key is not None and self.ssl_cert is None:
            yield Problem(key="ssl_key", message="there is no ssl_cert that it belongs to", hint="give that as well")

    def _limit_problems(self) -> Iterator[Problem]:
        if self.pool_size < 1:
            yield Problem(key="pool_size", message=f"{self.pool_size} is too few", hint="1 or more")
        for key in ("connect_timeout", "command_timeout"):
            if not timedelta(milliseconds=1) <= getattr(self, key) <= _MAX_TIMEOUT:
                yield Problem(key=key, message=f"{getattr(self, key)} is out of range", hint="1 ms to a day")
        if not self.client_name.isascii() or not self.client_name.isprintable() or " " in self.client_name:
            yield Problem(key="client_name", message=f"{self.client_name!r} is no name to Redis", hint="no spaces")


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        _ = url.port
        has_address = bool(url.path if url.scheme == "unix" else url.hostname)
        options = parse_qs(url.query, strict_parsing=bool(url.query))
        _database(url)
    except ValueError:
        return False
    return url.scheme in _SCHEMES and has_address and options.keys() <= {"db"} and not url.fragment


def _database(url: Any) -> int:
    given = parse_qs(url.query).get("db", [""])[0]
    if not given and url.scheme != "unix":
        given = unquote(url.path).strip("/")
    if given and not (given.isascii() and given.isdecimal()):
        raise ValueError
    return int(given or 0)


def _decoded(part: str | None) -> str | None:
    return None if part is None else unquote(part)


def _unusable(key: str, file: Path | None, why: object, hint: str) -> InvalidError:
    return InvalidError(Problem(key=key, message=f"{file} cannot be used: {why}", hint=hint))
