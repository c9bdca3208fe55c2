"""Every setting: its key in ``compozy.yaml``, its environment variable, its flag and its default, in one table.

Types and allowed values are in ``sections``; a test compares the two.
"""

from datetime import timedelta
from typing import Final

import attrs

from compozy.domain.durations import format_duration
from compozy.domain.sizes import format_size


@attrs.frozen
class Follows:
    """The default of a setting that another one decides.

    Attributes:
        key: Which: one whose value is a mode, and which stands further up in the table.
    """

    key: str


class SizeBytes(int):
    """A number of bytes, which is written with its unit."""


def as_written(default: str | int | timedelta) -> str | int:
    """Return a default as YAML has it.

    >>> as_written(timedelta(seconds=90)), as_written(5001), as_written(SizeBytes(2048))
    ('1m30s', 5001, '2kib')
    """
    if isinstance(default, SizeBytes):
        return format_size(default)
    return format_duration(default) if isinstance(default, timedelta) else default


NEVER: Final = "never"
"""What takes the place of a duration that has no end."""


@attrs.frozen
class Setting:
    """One setting and all its names.

    Attributes:
        key: Dotted key in the project file.
        env: The environment variable; set to nothing it counts as unset.
        default: Its value when nobody says anything, or who decides it then.
        about: What it is, for ``--help`` and the reference.
        flag: The command-line flag, where commands offer one.
    """

    key: str
    env: str
    default: str | int | bool | timedelta | Follows | None
    about: str
    flag: str | None = None


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("mode", "COMPOZY_MODE", "distributed", "standalone: nothing else is needed; or distributed", "--mode"),
    Setting("server.host", "SERVER_HOST", "127.0.0.1", "address of the HTTP API", "--host"),
    Setting("server.port", "SERVER_PORT", 5001, "port of the HTTP API; 0 takes any free one", "--port"),
    Setting(
        "server.shutdown_timeout",
        "SERVER_SHUTDOWN_TIMEOUT",
        timedelta(seconds=5),
        "how long requests in flight may take to end",
    ),
    Setting(
        "server.allow_public",
        "SERVER_ALLOW_PUBLIC",
        default=False,
        about="accept an address that other machines reach, without authentication",
    ),
    Setting("database.driver", "DB_DRIVER", Follows("mode"), "sqlite or postgres"),
    Setting("database.path", "DB_PATH", ".compozy/compozy.db", "SQLite file, or :memory:"),
    Setting(
        "database.auto_migrate",
        "DB_AUTO_MIGRATE",
        default=True,
        about="bring the schema up to date at the start; else compozy migrate up has to",
    ),
    Setting("database.retention", "DB_RETENTION", NEVER, "forget executions that ended longer ago, or never"),
    Setting("database.url", "DB_URL", None, "PostgreSQL as postgresql://USER:PASSWORD@HOST:PORT/NAME"),
    Setting("database.host", "DB_HOST", None, "server of PostgreSQL, or the folder of its socket; instead of the url"),
    Setting("database.port", "DB_PORT", None, "port of PostgreSQL; 5432 when not set"),
    Setting("database.user", "DB_USER", None, "user of PostgreSQL"),
    Setting("database.password", "DB_PASSWORD", None, "their password"),
    Setting("database.name", "DB_NAME", None, "name of the database; the user's when not set"),
    Setting("database.ssl_mode", "DB_SSL_MODE", None, "disable, prefer, require, verify-ca or verify-full"),
    Setting("database.ssl_ca", "DB_SSL_CA", None, "file of the authorities that may have signed the server"),
    Setting("database.ssl_cert", "DB_SSL_CERT", None, "file of our own certificate"),
    Setting("database.ssl_key", "DB_SSL_KEY", None, "file of its key; the certificate's file when not set"),
    Setting("database.pool_size", "DB_POOL_SIZE", 10, "how many connections to PostgreSQL there are at most"),
    Setting(
        "database.connect_timeout",
        "DB_CONNECT_TIMEOUT",
        timedelta(seconds=10),
        "how long connecting to PostgreSQL may take",
    ),
    Setting(
        "database.statement_timeout",
        "DB_STATEMENT_TIMEOUT",
        timedelta(seconds=30),
        "how long one statement may take in PostgreSQL",
    ),
    Setting("redis.mode", "REDIS_MODE", Follows("mode"), "standalone embeds the cache, distributed dials Redis"),
    Setting("redis.url", "REDIS_URL", None, "Redis as redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS"),
    Setting("redis.host", "REDIS_HOST", None, "server of Redis; instead of the url"),
    Setting("redis.port", "REDIS_PORT", None, "port of Redis; 6379 when not set"),
    Setting("redis.user", "REDIS_USER", None, "user of Redis; its default user when not set"),
    Setting("redis.password", "REDIS_PASSWORD", None, "their password"),
    Setting("redis.database", "REDIS_DATABASE", None, "number of the database; 0 when not set"),
    Setting("redis.ssl", "REDIS_SSL", None, "whether the connection is encrypted; not when not set"),
    Setting("redis.ssl_ca", "REDIS_SSL_CA", None, "file of the authorities that may have signed the server"),
    Setting("redis.ssl_cert", "REDIS_SSL_CERT", None, "file of our own certificate"),
    Setting("redis.ssl_key", "REDIS_SSL_KEY", None, "file of its key; the certificate's file when not set"),
    Setting("redis.pool_size", "REDIS_POOL_SIZE", 4, "how many connections for commands there are at most"),
    Setting(
        "redis.connect_timeout", "REDIS_CONNECT_TIMEOUT", timedelta(seconds=5), "how long connecting to Redis may take"
    ),
    Setting(
        "redis.command_timeout", "REDIS_COMMAND_TIMEOUT", timedelta(seconds=5), "how long Redis may take to answer"
    ),
    Setting("cache.durable", "CACHE_DURABLE", default=True, about="keep the embedded cache on disk"),
    Setting("cache.path", "CACHE_PATH", ".compozy/cache", "folder of the embedded cache"),
    Setting("cache.fsync", "CACHE_FSYNC", "everysec", "when a write is on disk: always, everysec or no"),
    Setting("cache.max_memory", "CACHE_MAX_MEMORY", None, "what keys and values may take, such as 256mb"),
    Setting(
        "ratelimit.enabled",
        "RATELIMIT_ENABLED",
        default=True,
        about="limit how many requests each client may make",
    ),
    Setting("ratelimit.backend", "RATELIMIT_BACKEND", Follows("redis.mode"), "who counts: memory or redis"),
    Setting("ratelimit.limit", "RATELIMIT_LIMIT", 1000, "how many requests a client may make in a window"),
    Setting("ratelimit.window", "RATELIMIT_WINDOW", timedelta(seconds=1), "how long a window is"),
    Setting(
        "temporal.mode", "TEMPORAL_MODE", Follows("mode"), "standalone runs a dev server, distributed dials a cluster"
    ),
    Setting("temporal.host_port", "TEMPORAL_HOST_PORT", "127.0.0.1:7233", "the cluster to dial"),
    Setting("temporal.namespace", "TEMPORAL_NAMESPACE", "default", "where workflows live"),
    Setting("temporal.tls", "TEMPORAL_TLS", None, "whether the connection to the cluster is encrypted"),
    Setting("temporal.tls_ca", "TEMPORAL_TLS_CA", None, "file of the authorities that may have signed the cluster"),
    Setting("temporal.tls_cert", "TEMPORAL_TLS_CERT", None, "file of our own certificate"),
    Setting("temporal.tls_key", "TEMPORAL_TLS_KEY", None, "file of its key"),
    Setting("temporal.tls_server_name", "TEMPORAL_TLS_SERVER_NAME", None, "name in the cluster's certificate"),
    Setting("temporal.api_key", "TEMPORAL_API_KEY", None, "what the cluster knows us by"),
    Setting("temporal.standalone.cli_path", "TEMPORAL_CLI_PATH", None, "the temporal program; looked for when not set"),
    Setting(
        "temporal.standalone.database_file",
        "TEMPORAL_DATABASE_FILE",
        ".compozy/temporal.db",
        "SQLite file of the dev server",
    ),
    Setting(
        "temporal.standalone.frontend_port",
        "TEMPORAL_FRONTEND_PORT",
        0,
        "port of the dev server; 0 takes any free one",
    ),
    Setting("temporal.standalone.bind_ip", "TEMPORAL_BIND_IP", "127.0.0.1", "address of the dev server"),
    Setting(
        "temporal.standalone.namespace",
        "TEMPORAL_STANDALONE_NAMESPACE",
        None,
        "where workflows live in the dev server; temporal.namespace when not set",
    ),
    Setting(
        "temporal.standalone.enable_ui",
        "TEMPORAL_ENABLE_UI",
        default=False,
        about="serve the web page of Temporal",
    ),
    Setting("temporal.standalone.ui_port", "TEMPORAL_UI_PORT", 0, "port of that page; 0 takes any free one"),
    Setting(
        "temporal.standalone.expose",
        "TEMPORAL_EXPOSE",
        default=False,
        about="serve Temporal and its web page at known ports, and at an address that other machines reach",
    ),
    Setting("temporal.standalone.log_level", "TEMPORAL_LOG_LEVEL", "error", "debug, info, warn, error or never"),
    Setting(
        "temporal.standalone.start_timeout",
        "TEMPORAL_START_TIMEOUT",
        timedelta(seconds=30),
        "how long the dev server may take to answer",
    ),
    Setting(
        "limits.max_payload_size",
        "LIMITS_MAX_PAYLOAD_SIZE",
        SizeBytes(16 * 1024 * 1024),
        "how large the input of an execution and the output of a tool may be",
    ),
    Setting(
        "worker.concurrency",
        "WORKER_CONCURRENCY",
        100,
        "how many tasks one process carries out at a time",
        "--concurrency",
    ),
    Setting("log.level", "LOG_LEVEL", "info", "debug, info, warning or error", "--log-level"),
    Setting("log.format", "LOG_FORMAT", "auto", "console, json, or auto: console on a terminal", "--log-format"),
    Setting("telemetry.traces", "TELEMETRY_TRACES", "off", "where spans go: off, otlp, or log"),
)
"""In the order in which they are listed."""
