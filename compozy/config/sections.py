"""Shapes of the application sections of ``compozy.yaml``: settings of the program, not of the workflows.

Every field is None until somebody sets it. The defaults are in ``table``, beside the other names of each setting.
"""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from compozy.config.fields import Duration, Lowercase, Name, Shape, duration_or
from compozy.config.not_yet import DATABASE_KEYS, SERVER_KEYS, TEMPORAL_KEYS, TEMPORAL_STANDALONE_KEYS
from compozy.config.urls import checked_database_url

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 means any free one."""

ModeName = Literal["standalone", "distributed"]

DatabaseUrl = Annotated[str, BeforeValidator(checked_database_url)]
"""The address of a PostgreSQL database."""

SslMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]

Retention = Annotated[timedelta | Literal["never"], BeforeValidator(duration_or("never"))]
"""A duration longer than nothing, or the word that no time is long enough."""


class ServerSection(Shape):
    """``server``: the HTTP API."""

    not_yet: ClassVar[frozenset[str]] = SERVER_KEYS

    host: Name | None = None
    port: Port | None = None
    shutdown_timeout: Duration | None = None
    allow_public: bool | None = None


class DatabaseSection(Shape):
    """``database``: the store."""

    not_yet: ClassVar[frozenset[str]] = DATABASE_KEYS

    driver: Literal["sqlite", "postgres"] | None = None
    path: Name | None = None
    auto_migrate: bool | None = None
    retention: Retention | None = None
    url: DatabaseUrl | None = None
    host: Name | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Name | None = None
    password: Name | None = None
    name: Name | None = None
    ssl_mode: SslMode | None = None
    ssl_ca: Name | None = None
    ssl_cert: Name | None = None
    ssl_key: Name | None = None
    pool_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    connect_timeout: Duration | None = None
    statement_timeout: Duration | None = None


class TemporalStandaloneSection(Shape):
    """``temporal.standalone``: the dev server that standalone mode runs."""

    not_yet: ClassVar[frozenset[str]] = TEMPORAL_STANDALONE_KEYS

    cli_path: Name | None = None
    database_file: Name | None = None
    frontend_port: Port | None = None
    bind_ip: Name | None = None
    log_level: Annotated[Literal["debug", "info", "warn", "error", "never"], Lowercase] | None = None
    start_timeout: Duration | None = None


class TemporalSection(Shape):
    """``temporal``: the workflow engine."""

    not_yet: ClassVar[frozenset[str]] = TEMPORAL_KEYS

    mode: ModeName | None = None
    host_port: Name | None = None
    namespace: Name | None = None
    standalone: TemporalStandaloneSection | None = None


class LogSection(Shape):
    """``log``: what the program writes to stderr."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Lowercase] | None = None
    format: Annotated[Literal["auto", "console", "json"], Lowercase] | None = None


class Sections(Shape):
    """All settings, wherever they come from: the application sections and ``mode``."""

    mode: ModeName | None = None
    server: ServerSection | None = None
    database: DatabaseSection | None = None
    temporal: TemporalSection | None = None
    log: LogSection | None = None
