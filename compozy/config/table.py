"""Every setting: its key in ``compozy.yaml``, its environment variable, its flag and its default, in one table.

Types and allowed values are in ``sections``; a test compares the two.
"""

from datetime import timedelta
from typing import Final

import attrs

FOLLOWS_MODE: Final = "follows mode"
"""The default of a setting that the project's mode decides."""


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
