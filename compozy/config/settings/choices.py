"""What a project may stand on, part by part."""

from enum import StrEnum


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


class RateLimitBackend(StrEnum):
    """Who counts what is asked of the API."""

    MEMORY = "memory"
    REDIS = "redis"
