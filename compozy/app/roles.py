"""Roles: what one process does of all that a project needs, and what it must share with others for that."""

from collections.abc import Iterator
from typing import Final

import attrs

from compozy.config.origins import Origin
from compozy.config.settings import CacheDriver, Mode, RateLimitBackend, Settings, StoreDriver
from compozy.domain.errors import InvalidError, Problem


@attrs.frozen(kw_only=True)
class Roles:
    """What a process does.

    Attributes:
        serves_http: Whether it has the API.
        works: Whether it carries out executions.
        waits: Whether it waits, in distributed mode, for servers that are not there at its start.
        health_port: Where it tells of its health, when it has no API; None: nowhere.
    """

    serves_http: bool = True
    works: bool = True
    waits: bool = True
    health_port: int | None = None


EVERYTHING: Final = Roles()
"""The API, and the work."""


def check_addresses(settings: Settings) -> None:
    """Return when it is said where every server is that the project stands on.

    Not a rule between settings: an address may be known only where the program runs.

    Raises:
        InvalidError: One is missing; lists all that are.
    """
    _refuse(_missing_addresses(settings))


def check_shared(settings: Settings, command: str, *, exposes: bool = False) -> None:
    """Return when other processes can reach all that this one works on.

    Args:
        settings: Those of the project.
        command: What is started: a process that does a part only.
        exposes: Whether it may run the Temporal itself, at an address where others find it.

    Raises:
        InvalidError: Something is in this process alone, so that nobody would do the other part; lists all that is.
    """
    _refuse(_unshared(settings, command, exposes=exposes))


def _refuse(problems: Iterator[Problem]) -> None:
    found = list(problems)
    if found:
        raise InvalidError(found)


def _missing_addresses(settings: Settings) -> Iterator[Problem]:
    database, redis = settings.database, settings.redis
    if database.driver is StoreDriver.POSTGRES and database.url is None and database.host is None:
        hint = "set it, or DB_URL in the environment, to postgresql://USER:PASSWORD@HOST:PORT/NAME"
        yield _missing(settings, "database.url", "database.driver", hint)
    if redis.url is not None or redis.host is not None:
        return
    hint = "set it, or REDIS_URL in the environment, to redis://HOST:PORT/DATABASE"
    if settings.cache_driver is CacheDriver.REDIS:
        yield _missing(settings, "redis.url", "redis.mode", hint)
    elif settings.rate_limit.enabled and settings.rate_limit.backend is RateLimitBackend.REDIS:
        yield _missing(settings, "redis.url", "ratelimit.backend", hint)


def _missing(settings: Settings, key: str, asked_by: str, hint: str) -> Problem:
    origin = _origin(settings, asked_by)
    message = f"neither url nor host is given, and {asked_by} is {origin.shown} (from {origin.source})"
    return Problem(key=key, message=message, hint=hint)


def _unshared(settings: Settings, command: str, *, exposes: bool) -> Iterator[Problem]:
    standalone = settings.temporal.standalone
    if settings.temporal.mode is Mode.STANDALONE and not (exposes and standalone.expose):
        message = "runs Temporal inside `compozy serve`, where no other process finds it"
        yield _alone(settings, "temporal.mode", message, f"set it to distributed for {command}, or run `compozy serve`")
    if settings.database.driver is StoreDriver.SQLITE:
        message = "keeps a file for one process, and the store is for several here"
        yield _alone(settings, "database.driver", message, f"set it to postgres for {command}")
    if settings.cache_driver is CacheDriver.SUGARDB:
        message = "embeds a cache in each process, and events are for several here"
        yield _alone(settings, "redis.mode", message, f"set it to distributed for {command}")


def _alone(settings: Settings, key: str, message: str, hint: str) -> Problem:
    origin = _origin(settings, key)
    return Problem(key=key, message=f"{origin.shown} (from {origin.source}) {message}", hint=hint)


def _origin(settings: Settings, key: str) -> Origin:
    return next(origin for origin in settings.origins if origin.key == key)
