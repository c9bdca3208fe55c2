"""Shapes of the application sections of ``compozy.yaml``: settings of the program, not of the workflows.

Every field is None until somebody sets it. The defaults are in ``table``, beside the other names of each setting.
"""

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, GetPydanticSchema, WithJsonSchema, field_validator
from pydantic_core.core_schema import no_info_after_validator_function, str_schema

from compozy.config import spellings
from compozy.config.fields import Duration, FilePath, Lowercase, Name, SecretText, Shape, Size, duration_or, refusal
from compozy.config.not_yet import DATABASE_KEYS, LIMITS_KEYS, SERVER_KEYS, TEMPORAL_KEYS, TEMPORAL_STANDALONE_KEYS
from compozy.config.urls import (
    checked_database_url,
    checked_host_port,
    checked_redis_url,
    hide_password,
    schema_of_database_url,
    schema_of_redis_url,
)
from compozy.domain.json import Json
from compozy.domain.secrets import Secret

_UNRENDERED: Final = re.compile(r".*\{\{.*\}\}.*|\$\{[^}]*\}", re.DOTALL)

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port; 0 means any free one."""

ModeName = Literal["standalone", "distributed"]

_HideUrl: Final = GetPydanticSchema(lambda _, __: no_info_after_validator_function(hide_password, str_schema()))

DatabaseUrl = Annotated[
    Secret, _HideUrl, BeforeValidator(checked_database_url), WithJsonSchema(schema_of_database_url())
]
"""The address of a PostgreSQL database; its password does not show."""

RedisUrl = Annotated[Secret, _HideUrl, BeforeValidator(checked_redis_url), WithJsonSchema(schema_of_redis_url())]
"""The address of a Redis server; its password does not show."""

HostPort = Annotated[str, BeforeValidator(checked_host_port), Field(title="HOST:PORT")]
"""The address of a Temporal cluster."""

SslMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]

Retention = Annotated[
    timedelta | Literal["never"],
    BeforeValidator(duration_or("never")),
    WithJsonSchema(spellings.duration_or("never")),
]
"""A duration longer than nothing, or the word that no time is long enough."""


class Section(Shape):
    """One section of settings. Its values are taken as they are: nothing is rendered, and no variable is filled in."""

    @field_validator("*", mode="before")
    @classmethod
    def _as_it_is(cls, value: Json) -> Json:
        """Refuse what somebody expects to be replaced: as it stands it would be a strange host or password."""
        if isinstance(value, str) and _UNRENDERED.fullmatch(value):
            hint = "leave the key out and set its environment variable; compozy config explain names it"
            raise refusal("settings are taken as they are, and this is a template or a variable", hint)
        return value


class ServerSection(Section):
    """``server``: the HTTP API."""

    not_yet: ClassVar[frozenset[str]] = SERVER_KEYS

    host: Name | None = None
    port: Port | None = None
    shutdown_timeout: Duration | None = None
    allow_public: bool | None = None


class DatabaseSection(Section):
    """``database``: the store."""

    not_yet: ClassVar[frozenset[str]] = DATABASE_KEYS

    driver: Literal["sqlite", "postgres"] | None = None
    path: FilePath | None = None
    auto_migrate: bool | None = None
    retention: Retention | None = None
    url: DatabaseUrl | None = None
    host: Name | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Name | None = None
    password: SecretText | None = None
    name: Name | None = None
    ssl_mode: SslMode | None = None
    ssl_ca: FilePath | None = None
    ssl_cert: FilePath | None = None
    ssl_key: FilePath | None = None
    pool_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    connect_timeout: Duration | None = None
    statement_timeout: Duration | None = None


class RedisSection(Section):
    """``redis``: what carries events and short-lived values, and the server when it is Redis."""

    mode: ModeName | None = None
    url: RedisUrl | None = None
    host: Name | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Name | None = None
    password: SecretText | None = None
    database: Annotated[int, Field(ge=0)] | None = None
    ssl: bool | None = None
    ssl_ca: FilePath | None = None
    ssl_cert: FilePath | None = None
    ssl_key: FilePath | None = None
    pool_size: Annotated[int, Field(ge=1, le=100)] | None = None
    connect_timeout: Duration | None = None
    command_timeout: Duration | None = None


class CacheSection(Section):
    """``cache``: the embedded cache."""

    durable: bool | None = None
    path: FilePath | None = None
    fsync: Annotated[Literal["always", "everysec", "no"], Lowercase] | None = None
    max_memory: Size | None = None


class RateLimitSection(Section):
    """``ratelimit``: how much each client may ask of the API."""

    enabled: bool | None = None
    backend: Literal["memory", "redis"] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    window: Duration | None = None


class TemporalStandaloneSection(Section):
    """``temporal.standalone``: the dev server that standalone mode runs."""

    not_yet: ClassVar[frozenset[str]] = TEMPORAL_STANDALONE_KEYS

    cli_path: FilePath | None = None
    database_file: FilePath | None = None
    frontend_port: Port | None = None
    bind_ip: Name | None = None
    namespace: Name | None = None
    enable_ui: bool | None = None
    ui_port: Port | None = None
    expose: bool | None = None
    log_level: Annotated[Literal["debug", "info", "warn", "error", "never"], Lowercase] | None = None
    start_timeout: Duration | None = None


class TemporalSection(Section):
    """``temporal``: the workflow engine."""

    not_yet: ClassVar[frozenset[str]] = TEMPORAL_KEYS

    mode: ModeName | None = None
    host_port: HostPort | None = None
    namespace: Name | None = None
    tls: bool | None = None
    tls_ca: FilePath | None = None
    tls_cert: FilePath | None = None
    tls_key: FilePath | None = None
    tls_server_name: Name | None = None
    api_key: SecretText | None = None
    standalone: TemporalStandaloneSection | None = None


class LimitsSection(Section):
    """``limits``: how large things may be."""

    not_yet: ClassVar[frozenset[str]] = LIMITS_KEYS

    max_payload_size: Size | None = None


class WorkerSection(Section):
    """``worker``: how much one process carries out."""

    concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = None


class LogSection(Section):
    """``log``: what the program writes to stderr."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Lowercase] | None = None
    format: Annotated[Literal["auto", "console", "json"], Lowercase] | None = None


class TelemetrySection(Section):
    """``telemetry``: what the program tells others about itself."""

    traces: Annotated[Literal["off", "otlp", "log"], Lowercase] | None = None


class Sections(Shape):
    """All settings, wherever they come from: the application sections and ``mode``."""

    mode: ModeName | None = None
    server: ServerSection | None = None
    database: DatabaseSection | None = None
    redis: RedisSection | None = None
    cache: CacheSection | None = None
    ratelimit: RateLimitSection | None = None
    temporal: TemporalSection | None = None
    limits: LimitsSection | None = None
    worker: WorkerSection | None = None
    log: LogSection | None = None
    telemetry: TelemetrySection | None = None
