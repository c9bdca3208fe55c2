"""The settings of the program: frozen, complete, and each with where it came from."""

import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from compozy.config.urls import HIDDEN, without_secrets
from compozy.domain.durations import format_duration

_SECRET: Final = re.compile(r"password|token|secret|key", re.IGNORECASE)
_PATHS_OF_SECRETS: Final = frozenset({"database.ssl_key"})


class Mode(StrEnum):
    """What the program, or one of its components, stands on."""

    STANDALONE = "standalone"
    DISTRIBUTED = "distributed"


class StoreDriver(StrEnum):
    """What holds the state of executions."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class CacheDriver(StrEnum):
    """What carries events and short-lived values."""

    SUGARDB = "sugardb"
    REDIS = "redis"


@attrs.frozen(kw_only=True)
class ServerSettings:
    """The HTTP API.

    Attributes:
        host: Address it listens on.
        port: Port it listens on; 0 takes any free one.
        shutdown_timeout: How long requests in flight may take to end.
        allow_public: Whether an address that other machines reach is accepted although there is no authentication.
    """

    host: str
    port: int
    shutdown_timeout: timedelta
    allow_public: bool


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """The store.

    Attributes:
        driver: What holds the state.
        path: Absolute path of the SQLite file, or ``:memory:``.
        auto_migrate: Whether its schema is brought up to date at the start.
        retention: How long executions are kept once they have ended; None keeps them.
        url: Address of the PostgreSQL database; then host, port, user, password and name are None.
        host: PostgreSQL's server, or the folder of its socket.
        port: Its port.
        user: Who we are to it.
        password: Our password there.
        name: Name of the database.
        ssl_mode: How far TLS goes; None leaves it to the url, or else to the driver.
        ssl_ca: Absolute path of the file of the authorities that are trusted.
        ssl_cert: Absolute path of the file of our certificate.
        ssl_key: Absolute path of the file of its key.
        pool_size: How many connections there are at most.
        connect_timeout: How long connecting may take.
        statement_timeout: How long one statement may take.
    """

    driver: StoreDriver
    path: str
    auto_migrate: bool
    retention: timedelta | None
    url: str | None = attrs.field(repr=False)
    host: str | None
    port: int | None
    user: str | None
    password: str | None = attrs.field(repr=False)
    name: str | None
    ssl_mode: str | None
    ssl_ca: str | None
    ssl_cert: str | None
    ssl_key: str | None
    pool_size: int
    connect_timeout: timedelta
    statement_timeout: timedelta


@attrs.frozen(kw_only=True)
class TemporalStandaloneSettings:
    """The Temporal dev server that standalone mode runs.

    Attributes:
        cli_path: Absolute path of the ``temporal`` program; None looks beside Python and on ``PATH``.
        database_file: Absolute path of its SQLite file.
        frontend_port: Port it listens on; 0 takes any free one.
        bind_ip: Loopback address it listens on.
        log_level: What it writes: debug, info, warn, error or never.
        start_timeout: How long it may take to answer.
    """

    cli_path: str | None
    database_file: str
    frontend_port: int
    bind_ip: str
    log_level: str
    start_timeout: timedelta


@attrs.frozen(kw_only=True)
class TemporalSettings:
    """The workflow engine.

    Attributes:
        mode: Whether a dev server is run or a cluster dialled.
        host_port: The cluster to dial; not used in standalone mode.
        namespace: Where workflows live.
        standalone: The dev server; not used in distributed mode.
    """

    mode: Mode
    host_port: str
    namespace: str
    standalone: TemporalStandaloneSettings


@attrs.frozen(kw_only=True)
class LogSettings:
    """What the program writes to stderr.

    Attributes:
        level: The least severe level written: debug, info, warning or error.
        format: console, json, or auto: console on a terminal and json elsewhere.
    """

    level: str
    format: Literal["auto", "console", "json"]


@attrs.frozen(kw_only=True)
class Origin:
    """Where the value of one setting came from.

    Attributes:
        key: Dotted name of the setting.
        value: As it was given, before paths were made absolute.
        source: ``default``, ``compozy.yaml:3``, ``environment SERVER_PORT`` or ``flag --port``.
    """

    key: str
    value: Any = attrs.field(repr=False)  # it may be a secret
    source: str

    @property
    def is_hidden(self) -> bool:
        """Whether the value is a secret."""
        return is_secret(self.key) and self.key not in _PATHS_OF_SECRETS

    @property
    def shown(self) -> str:
        """The value as people write it; a secret is hidden, in an address too."""
        if self.value is None:
            return ""
        if self.is_hidden:
            return HIDDEN
        if self.key == "database.url":
            return without_secrets(self.value)
        if isinstance(self.value, timedelta):
            return format_duration(self.value)
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of one run.

    Attributes:
        root: Absolute path of the folder that holds the project file.
        mode: The project's mode; components that may differ have their own.
        server: The HTTP API.
        database: The store.
        temporal: The workflow engine.
        log: What is written to stderr.
        origins: Where each value came from, in the order of the table of settings.
    """

    root: Path
    mode: Mode
    server: ServerSettings
    database: DatabaseSettings
    temporal: TemporalSettings
    log: LogSettings
    origins: tuple[Origin, ...] = ()

    @property
    def state_dir(self) -> Path:
        """The folder for everything that standalone mode keeps."""
        return self.root / ".compozy"

    @property
    def cache_driver(self) -> CacheDriver:
        """What carries events; the mode alone decides."""
        return CacheDriver.SUGARDB if self.mode is Mode.STANDALONE else CacheDriver.REDIS


def is_secret(name: str) -> bool:
    """Tell whether the name of a setting, variable or field says that its value must not be shown.

    >>> is_secret("OPENAI_API_KEY"), is_secret("server.port")
    (True, False)
    """
    return _SECRET.search(name) is not None
