"""All settings of one run, each with where it came from."""

from pathlib import Path

import attrs

from compozy.config.origins import Origin
from compozy.config.settings.backends import CacheSettings, DatabaseSettings, RateLimitSettings, RedisSettings
from compozy.config.settings.choices import CacheDriver, Mode
from compozy.config.settings.program import (
    LimitsSettings,
    LogSettings,
    ServerSettings,
    TelemetrySettings,
    WorkerSettings,
)
from compozy.config.settings.temporal import TemporalSettings


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of one run.

    Attributes:
        root: Absolute path of the folder that holds the project file.
        mode: The project's mode; components that may differ have their own.
        server: The HTTP API.
        database: The store.
        redis: What carries events and short-lived values.
        cache: The embedded cache; not used with Redis.
        rate_limit: How much each client may ask of the API.
        temporal: The workflow engine.
        limits: How large things may be.
        worker: How much one process carries out.
        log: What is written to stderr.
        telemetry: What others are told.
        origins: Where each value came from, in the order of the table of settings.
    """

    root: Path
    mode: Mode
    server: ServerSettings
    database: DatabaseSettings
    redis: RedisSettings
    cache: CacheSettings
    rate_limit: RateLimitSettings
    temporal: TemporalSettings
    limits: LimitsSettings
    worker: WorkerSettings
    log: LogSettings
    telemetry: TelemetrySettings
    origins: tuple[Origin, ...] = ()

    @property
    def state_dir(self) -> Path:
        """The folder for everything that standalone mode keeps."""
        return self.root / ".compozy"

    @property
    def cache_driver(self) -> CacheDriver:
        """What carries events: ``redis.mode`` decides."""
        return CacheDriver.SUGARDB if self.redis.mode is Mode.STANDALONE else CacheDriver.REDIS
