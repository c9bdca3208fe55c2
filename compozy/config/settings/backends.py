"""Settings of the store, of the cache, and of what counts requests."""

from datetime import timedelta
from typing import Literal

import attrs

from compozy.config.settings.choices import Mode, RateLimitBackend, StoreDriver
from compozy.domain.secrets import Secret


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """The store.

    Attributes:
        driver: What holds the state.
        path: Absolute path of the SQLite file, or ``:memory:``.
        auto_migrate: Whether its schema is brought up to date at the start.
        retention: How long executions are kept once they have ended; None keeps them.
        url: Address of the PostgreSQL database; then host, port, user, password and name are None.
        host: PostgreSQL's server, or the folder of its socket.
        port: Its port.
        user: Who we are to it.
        password: Our password there.
        name: Name of the database.
        ssl_mode: How far TLS goes; None leaves it to the url, or else to the driver.
        ssl_ca: Absolute path of the file of the authorities that are trusted.
        ssl_cert: Absolute path of the file of our certificate.
        ssl_key: Absolute path of the file of its key.
        pool_size: How many connections there are at most.
        connect_timeout: How long connecting may take.
        statement_timeout: How long one statement may take.
    """

    driver: StoreDriver
    path: str
    auto_migrate: bool
    retention: timedelta | None
    url: Secret | None
    host: str | None
    port: int | None
    user: str | None
    password: Secret | None
    name: str | None
    ssl_mode: str | None
    ssl_ca: str | None
    ssl_cert: str | None
    ssl_key: str | None
    pool_size: int
    connect_timeout: timedelta
    statement_timeout: timedelta


@attrs.frozen(kw_only=True)
class RedisSettings:
    """What carries events and short-lived values, and the server when it is Redis.

    Attributes:
        mode: Whether the cache is embedded or a Redis server is dialled.
        url: Address of the server; then host, port, user, password, database and ssl are None.
        host: The server.
        port: Its port.
        user: Who we are to it.
        password: Our password there.
        database: Number of the database.
        ssl: Whether the connection is encrypted.
        ssl_ca: Absolute path of the file of the authorities that are trusted.
        ssl_cert: Absolute path of the file of our certificate.
        ssl_key: Absolute path of the file of its key.
        pool_size: How many connections for commands there are at most.
        connect_timeout: How long connecting may take.
        command_timeout: How long one command may take.
    """

    mode: Mode
    url: Secret | None
    host: str | None
    port: int | None
    user: str | None
    password: Secret | None
    database: int | None
    ssl: bool | None
    ssl_ca: str | None
    ssl_cert: str | None
    ssl_key: str | None
    pool_size: int
    connect_timeout: timedelta
    command_timeout: timedelta


@attrs.frozen(kw_only=True)
class CacheSettings:
    """The embedded cache.

    Attributes:
        durable: Whether it is kept on disk.
        path: Absolute path of the folder that it is kept in.
        fsync: When a write is on disk: ``always`` before it returns, ``everysec`` within a second, ``no`` when the
            system finds time.
        max_memory: How many bytes keys and values may take; None for any.
    """

    durable: bool
    path: str
    fsync: Literal["always", "everysec", "no"]
    max_memory: int | None


@attrs.frozen(kw_only=True)
class RateLimitSettings:
    """How much each client may ask of the API.

    Attributes:
        enabled: Whether it is limited at all.
        backend: Who counts: this process in its memory, or Redis for all that use it.
        limit: How many requests a client may make in a window.
        window: In how much time.
    """

    enabled: bool
    backend: RateLimitBackend
    limit: int
    window: timedelta
