"""Every setting: its key in ``compozy.yaml``, its environment variable, its flag and its default, in one table.

Types and allowed values are in ``sections``; a test compares the two.
"""

from datetime import timedelta
from typing import Final

import attrs

FOLLOWS_MODE: Final = "follows mode"
"""The default of a setting that the project's mode decides."""

NEVER: Final = "never"
"""What takes the place of a duration that has no end."""


@attrs.frozen
class Setting:
    """One setting and all its names.

    Attributes:
        key: Dotted key in the project file.
        env: The environment variable; set to nothing it counts as unset.
        default: Its value when nobody says anything, or :data:`FOLLOWS_MODE`.
        about: What it is, for ``--help`` and the reference.
        flag: The command-line flag, where commands offer one.
    """

    key: str
    env: str
    default: str | int | bool | timedelta | None
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
    Setting("database.driver", "DB_DRIVER", FOLLOWS_MODE, "sqlite or postgres"),
    Setting("database.path", "DB_PATH", ".compozy/compozy.db", "SQLite file, or :memory:", "--db-path"),
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
    Setting(
        "temporal.mode", "TEMPORAL_MODE", FOLLOWS_MODE, "standalone runs a dev server, distributed dials a cluster"
    ),
    Setting("temporal.host_port", "TEMPORAL_HOST_PORT", "127.0.0.1:7233", "the cluster to dial"),
    Setting("temporal.namespace", "TEMPORAL_NAMESPACE", "default", "where workflows live"),
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
    Setting("temporal.standalone.bind_ip", "TEMPORAL_BIND_IP", "127.0.0.1", "loopback address of the dev server"),
    Setting("temporal.standalone.log_level", "TEMPORAL_LOG_LEVEL", "error", "debug, info, warn, error or never"),
    Setting(
        "temporal.standalone.start_timeout",
        "TEMPORAL_START_TIMEOUT",
        timedelta(seconds=30),
        "how long the dev server may take to answer",
    ),
    Setting("log.level", "LOG_LEVEL", "info", "debug, info, warning or error", "--log-level"),
    Setting("log.format", "LOG_FORMAT", "auto", "console, json, or auto: console on a terminal", "--log-format"),
)
"""In the order in which they are listed."""
