"""The settings of the program: frozen, complete, and each with where it came from.

``choices`` (what a project may stand on), ``program``, ``backends``, ``temporal`` (sections), ``whole`` (all of it).
"""

from compozy.config.settings.backends import CacheSettings, DatabaseSettings, RateLimitSettings, RedisSettings
from compozy.config.settings.choices import CacheDriver, Mode, RateLimitBackend, StoreDriver
from compozy.config.settings.program import (
    LimitsSettings,
    LogSettings,
    ServerSettings,
    TelemetrySettings,
    WorkerSettings,
)
from compozy.config.settings.temporal import TemporalSettings, TemporalStandaloneSettings
from compozy.config.settings.whole import Settings

__all__ = [
    "CacheDriver",
    "CacheSettings",
    "DatabaseSettings",
    "LimitsSettings",
    "LogSettings",
    "Mode",
    "RateLimitBackend",
    "RateLimitSettings",
    "RedisSettings",
    "ServerSettings",
    "Settings",
    "StoreDriver",
    "TelemetrySettings",
    "TemporalSettings",
    "TemporalStandaloneSettings",
    "WorkerSettings",
]
