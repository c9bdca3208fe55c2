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
class LimitsSettings:
    """How large things may be.

    Attributes:
        max_payload_size: Bytes of JSON that the input of an execution and the output of a tool may have.
    """

    max_payload_size: int


@attrs.frozen(kw_only=True)
class WorkerSettings:
    """How much one process carries out.

    Attributes:
        concurrency: How many tasks at a time.
    """

    concurrency: int


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
