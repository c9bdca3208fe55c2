"""Databases: what can be done with one before it is an open store, whichever kind it is."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import attrs
from typing_extensions import override

from compozy.app.complaints import naming_settings
from compozy.app.imports import import_in_thread
from compozy.bridge import AsyncioHost
from compozy.config.settings import DatabaseSettings, StoreDriver
from compozy.contracts.migrations import Applied, SchemaStatus
from compozy.contracts.store import Store
from compozy.domain.errors import InvalidError
from compozy.domain.secrets import revealed
from compozy.drivers import sqlite
from compozy.drivers.sql.dialect import Dialect
from compozy.drivers.sqlite.dialect import SQLITE

MEMORY: Final = ":memory:"
"""In the place of a path: a database that is gone when it is closed."""

_DRIVER: Final = "compozy.drivers.postgres"
_GRACE: Final = timedelta(seconds=10)  # so that the server can say what was wrong before we stop listening
_SETTING_OF: Final[Mapping[str, str]] = {
    "database": "name",
    "pool_max": "pool_size",
    "ssl": "ssl_mode",
    "command_timeout": "statement_timeout",
}


class Database(ABC):
    """A database that somebody has named."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What a command line calls it, without a password."""

    @property
    def file(self) -> Path | None:
        """The file that it is, or None when it is none."""
        return None

    @abstractmethod
    def open(self, *, auto_migrate: bool, host: AsyncioHost | None = None) -> AbstractAsyncContextManager[Store]:
        """Open a store on it.

        Args:
            auto_migrate: Whether its schema is brought up to date first; else it has to be.
            host: Where a driver on asyncio shall live; None: on a loop of its own.

        Raises:
            CompozyError: It cannot be used, now or at all; says why.
        """

    @abstractmethod
    async def schema_status(self) -> SchemaStatus:
        """Return how its schema stands; nothing is created or changed. Raises as :meth:`open`."""

    @abstractmethod
    async def migrate(self) -> Applied:
        """Bring its schema up to date. Raises as :meth:`open`."""

    @abstractmethod
    async def dialect(self) -> Dialect:
        """Return how it says things, and with that what it can hold."""


@attrs.frozen
class SqliteDatabase(Database):
    """An SQLite file.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    @override
    def address(self) -> str:
        return f"sqlite:{self.path}"

    @property
    @override
    def file(self) -> Path | None:
        return self.path

    @override
    def open(self, *, auto_migrate: bool, host: AsyncioHost | None = None) -> AbstractAsyncContextManager[Store]:
        return sqlite.open_store(self.path, auto_migrate=auto_migrate)

    @override
    async def schema_status(self) -> SchemaStatus:
        return await sqlite.schema_status(self.path)

    @override
    async def migrate(self) -> Applied:
        return await sqlite.migrate(self.path)

    @override
    async def dialect(self) -> Dialect:
        return SQLITE


class MemoryDatabase(Database):
    """SQLite in the memory of this process: there is nothing before it is opened, and nothing after."""

    @property
    @override
    def address(self) -> str:
        return f"sqlite:{MEMORY}"

    @override
    def open(self, *, auto_migrate: bool, host: AsyncioHost | None = None) -> AbstractAsyncContextManager[Store]:
        return sqlite.open_store(":memory:")

    @override
    async def schema_status(self) -> SchemaStatus:
        raise InvalidError(f"a database in memory ({MEMORY}) has no schema before it is opened: name a file")

    @override
    async def migrate(self) -> Applied:
        raise InvalidError(f"a database in memory ({MEMORY}) cannot be migrated beforehand: name a file")

    @override
    async def dialect(self) -> Dialect:
        return SQLITE


@attrs.frozen
class PostgresDatabase(Database):
    """A PostgreSQL database. Its driver takes long to import, so that waits until it is needed.

    Attributes:
        address: What a command line calls it, without a password.
        options: What ``compozy.drivers.postgres.Connecting`` takes.
    """

    address: str
    options: Mapping[str, Any] = attrs.field(repr=False)  # a password may be in it

    @override
    @asynccontextmanager
    async def open(self, *, auto_migrate: bool, host: AsyncioHost | None = None) -> AsyncIterator[Store]:
        driver = await import_in_thread(_DRIVER)
        async with AsyncExitStack() as stack:
            with naming_settings("database", _SETTING_OF):
                store = await stack.enter_async_context(
                    driver.open_store(self._connecting(driver), host=host, auto_migrate=auto_migrate)
                )
            yield store

    @override
    async def schema_status(self) -> SchemaStatus:
        driver = await import_in_thread(_DRIVER)
        with naming_settings("database", _SETTING_OF):
            status: SchemaStatus = await driver.schema_status(self._connecting(driver))
        return status

    @override
    async def migrate(self) -> Applied:
        driver = await import_in_thread(_DRIVER)
        with naming_settings("database", _SETTING_OF):
            applied: Applied = await driver.migrate(self._connecting(driver))
        return applied

    @override
    async def dialect(self) -> Dialect:
        module = await import_in_thread(f"{_DRIVER}.dialect")
        dialect: Dialect = module.POSTGRES
        return dialect

    def _connecting(self, driver: Any) -> Any:
        ssl = self.options.get("ssl")
        return driver.Connecting(**{**self.options, "ssl": None if ssl is None else driver.SslMode(ssl)})


def database_of(settings: DatabaseSettings) -> Database:
    """Return the database that a project's settings name."""
    if settings.driver is StoreDriver.POSTGRES:
        return PostgresDatabase(_address_of(settings), _options_of(settings))
    return MemoryDatabase() if settings.path == MEMORY else SqliteDatabase(Path(settings.path))


def _address_of(settings: DatabaseSettings) -> str:
    if settings.url is not None:
        return settings.url.shown
    user = f"{settings.user}@" if settings.user else ""
    port = f":{settings.port}" if settings.port else ""
    return f"postgresql://{user}{settings.host or ''}{port}/{settings.name or ''}"


def _options_of(settings: DatabaseSettings) -> Mapping[str, Any]:
    same = ("host", "port", "user", "connect_timeout", "statement_timeout")
    files = {name: getattr(settings, name) for name in ("ssl_ca", "ssl_cert", "ssl_key")}
    return {
        **{name: getattr(settings, name) for name in same},
        "url": revealed(settings.url),
        "password": revealed(settings.password),
        **{name: None if file is None else Path(file) for name, file in files.items()},
        "database": settings.name,
        "ssl": settings.ssl_mode,
        "pool_max": settings.pool_size,
        "command_timeout": settings.statement_timeout + _GRACE,
    }
