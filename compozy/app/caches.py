"""Caches: opening the one that the settings name, whichever kind it is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from compozy.app.complaints import naming_settings
from compozy.app.imports import import_in_thread
from compozy.bridge import AsyncioHost
from compozy.config.settings import CacheSettings, RedisSettings
from compozy.contracts.cache import Cache
from compozy.domain.secrets import revealed
from compozy.drivers import sugardb

_DRIVER: Final = "compozy.drivers.redis"
_SETTING_OF: Final[Mapping[str, str]] = {"username": "user"}

_VOLATILE: Final = ("dispatcher:",)
"""What keys begin with that say who is alive just now: they mean nothing to a program that starts, so none is kept."""


def open_embedded(settings: CacheSettings) -> AbstractAsyncContextManager[Cache]:
    """Open the embedded cache: from its folder, or empty when it is not durable. Raises as ``sugardb.open_cache``."""
    if not settings.durable:
        return sugardb.open_cache(max_memory=settings.max_memory)
    return sugardb.open_cache(
        folder=Path(settings.path), fsync=settings.fsync, volatile=_VOLATILE, max_memory=settings.max_memory
    )


@asynccontextmanager
async def open_redis(settings: RedisSettings, *, host: AsyncioHost | None = None) -> AsyncIterator[Any]:
    """Open the cache in Redis. Its driver takes long to import, so that waits until it is needed.

    Args:
        settings: Where the server is.
        host: Where its connections shall live; None: on a loop of its own.

    Returns:
        A ``compozy.drivers.redis.RedisCache``.

    Raises:
        InvalidError: A setting cannot be used, or the server refuses us.
        UnavailableError: It cannot be reached.
    """
    driver = await import_in_thread(_DRIVER)
    async with AsyncExitStack() as stack:
        with naming_settings("redis", _SETTING_OF):
            cache = await stack.enter_async_context(driver.open_cache(_connecting(driver, settings), host=host))
        yield cache


def redis_address(settings: RedisSettings) -> str:
    """Return where the server is, as people write it and without the password."""
    if settings.url is not None:
        return settings.url.shown
    scheme, user = "rediss" if settings.ssl else "redis", f"{settings.user}@" if settings.user else ""
    port = f":{settings.port}" if settings.port else ""
    database = f"/{settings.database}" if settings.database else ""
    return f"{scheme}://{user}{settings.host or ''}{port}{database}"


def _connecting(driver: Any, settings: RedisSettings) -> Any:
    options = attrs.asdict(settings, filter=lambda field, _: field.name not in ("mode", "user"), recurse=False)
    files = {name: None if options[name] is None else Path(options[name]) for name in ("ssl_ca", "ssl_cert", "ssl_key")}
    secrets = {"url": revealed(settings.url), "password": revealed(settings.password)}
    return driver.Connecting(**{**options, **files, **secrets, "username": settings.user})
