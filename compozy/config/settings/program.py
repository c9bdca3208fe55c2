"""Settings of the program itself: its API, its log, what it tells others."""

from datetime import timedelta
from typing import Literal

import attrs


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
class LogSettings:
    """What the program writes to stderr.

    Attributes:
        level: The least severe level written: debug, info, warning or error.
        format: console, json, or auto: console on a terminal and json elsewhere.
    """

    level: str
    format: Literal["auto", "console", "json"]


@attrs.frozen(kw_only=True)
class TelemetrySettings:
    """What the program tells others about itself.

    Attributes:
        traces: Where spans go.
    """

    traces: Literal["off", "otlp", "log"]
