"""What the project stands on: whether the database, Redis and Temporal answer, whether the cache's folder will do."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from compozy.app.caches import open_redis, redis_address
from compozy.app.cluster import ask_cluster
from compozy.app.databases import MEMORY, database_of
from compozy.cli.doctoring.findings import Finding, fail, ok, warn
from compozy.cli.doctoring.state_folder import examine_permissions
from compozy.cli.locks import LockState, read_lock
from compozy.config.settings import (
    CacheDriver,
    CacheSettings,
    DatabaseSettings,
    RateLimitBackend,
    RedisSettings,
    Settings,
    StoreDriver,
    TemporalSettings,
)
from compozy.domain.errors import CompozyError

_PATIENCE: Final = timedelta(seconds=3)
"""How long a server may take for each step: whoever sits at the terminal waits."""

_LONGEST_S: Final = 10.0

_CACHE_LOCK: Final = "sugardb.lock"
"""Name of the lock in the cache's folder."""


def examine_database(settings: DatabaseSettings) -> Finding:
    """Tell whether the database can be reached, and whether its schema is current."""
    if settings.driver is StoreDriver.SQLITE and settings.path == MEMORY:
        return warn("database", "in memory: executions are gone when the program ends", "set database.path to a file")
    patient = attrs.evolve(
        settings,
        connect_timeout=min(settings.connect_timeout, _PATIENCE),
        statement_timeout=min(settings.statement_timeout, _PATIENCE),
    )
    return _asked("database", database_of(settings).address, partial(_schema, patient))


def examine_cache(settings: Settings) -> Iterator[Finding]:
    """Tell whether the cache can be used: its folder, or the server that is dialled."""
    if settings.cache_driver is CacheDriver.SUGARDB:
        yield from examine_cache_folder(settings.cache)
    limits = settings.rate_limit
    if settings.cache_driver is CacheDriver.REDIS or (limits.enabled and limits.backend is RateLimitBackend.REDIS):
        yield examine_redis(settings.redis)


def examine_cache_folder(settings: CacheSettings) -> Iterator[Finding]:
    """Tell whether the embedded cache can be kept in its folder."""
    if not settings.durable:
        yield ok("cache", "in memory: empty at each start (cache.durable is false)")
        return
    folder = Path(settings.path)
    yield from examine_permissions(folder, name="cache")
    if read_lock(folder / _CACHE_LOCK).state is LockState.HELD:
        yield ok("cache lock", f"held: a runtime has {folder} open")


def examine_redis(settings: RedisSettings) -> Finding:
    """Tell whether Redis answers."""
    patient = attrs.evolve(
        settings,
        connect_timeout=min(settings.connect_timeout, _PATIENCE),
        command_timeout=min(settings.command_timeout, _PATIENCE),
    )
    return _asked("redis", redis_address(settings), partial(_ping, patient))


def examine_cluster(settings: TemporalSettings) -> Finding:
    """Tell whether the Temporal cluster answers."""
    return _asked("temporal", settings.host_port, partial(_greet, settings))


def _asked(name: str, address: str, ask: Callable[[], Awaitable[Finding]]) -> Finding:
    """Return what a backend answers; that it does not, or not within our patience, is a finding too."""

    async def within_patience() -> Finding:
        with trio.move_on_after(_LONGEST_S):
            return await ask()
        return fail(name, f"{address} does not answer within {_LONGEST_S:g} s", "check that it runs and can be reached")

    try:
        return trio.run(within_patience)
    except CompozyError as error:
        return fail(name, error.message, f"correct it, or the settings that begin with {name}.")


async def _schema(settings: DatabaseSettings) -> Finding:
    database = database_of(settings)
    status = await database.schema_status()
    known = f"{database.address}: schema {status.version} of {status.known}"
    if not status.pending:
        return ok("database", f"{known}, current")
    if settings.auto_migrate:
        return ok("database", f"{known}; the next start applies {', '.join(status.pending)}")
    return fail("database", f"{known}; {', '.join(status.pending)} must be applied first", "compozy migrate up")


async def _ping(settings: RedisSettings) -> Finding:
    async with open_redis(settings) as cache:
        await cache.ping()
    return ok("redis", f"{redis_address(settings)} answers")


async def _greet(settings: TemporalSettings) -> Finding:
    is_there = await ask_cluster(settings)
    namespace = f"namespace {settings.namespace!r} {'is there' if is_there else 'is made at the first start'}"
    return ok("temporal", f"the cluster at {settings.host_port} answers; {namespace}")
