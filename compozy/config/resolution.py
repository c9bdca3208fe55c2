"""The settings of a project: a pure function of the project file, the environment and the flags."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from compozy.config.agreement import problems_between
from compozy.config.documents import Document
from compozy.config.origins import Origin
from compozy.config.precedence import trace_origins
from compozy.config.sections import Sections
from compozy.config.settings import (
    CacheSettings,
    DatabaseSettings,
    LimitsSettings,
    LogSettings,
    Mode,
    RateLimitBackend,
    RateLimitSettings,
    RedisSettings,
    ServerSettings,
    Settings,
    StoreDriver,
    TelemetrySettings,
    TemporalSettings,
    TemporalStandaloneSettings,
    WorkerSettings,
)
from compozy.config.table import NEVER
from compozy.domain.errors import Problem

_PATHS: Final = (
    "database.path",
    "database.ssl_ca",
    "database.ssl_cert",
    "database.ssl_key",
    "redis.ssl_ca",
    "redis.ssl_cert",
    "redis.ssl_key",
    "cache.path",
    "temporal.tls_ca",
    "temporal.tls_cert",
    "temporal.tls_key",
    "temporal.standalone.cli_path",
    "temporal.standalone.database_file",
)
_KINDS: Final[Mapping[str, type[StrEnum]]] = {
    "mode": Mode,
    "database.driver": StoreDriver,
    "redis.mode": Mode,
    "ratelimit.backend": RateLimitBackend,
    "temporal.mode": Mode,
}
_IN_MEMORY: Final = ":memory:"


def resolve_settings(
    document: Document,
    file: Sections,
    *,
    root: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or None and everything wrong with the environment, the flags and the result.

    Args:
        document: The project file, for the lines of its keys.
        file: The same in its shape, or an empty ``Sections()`` where only the rest is to be checked.
        root: Absolute path of the project's folder. Relative paths are relative to it, whatever they came from.
        environ: The environment; only the variables of the table are read.
        flags: The flags that were given, by the dotted key of the setting; None counts as not given.
        default_mode: The mode when nothing says otherwise.

    Raises:
        ValueError: A flag is for no setting of the table; whoever offers it is wrong, not the user.
    """
    by_key, problems = trace_origins(document, file, environ=environ, flags=flags, default_mode=default_mode)
    if problems:
        return None, problems
    problems = list(problems_between(by_key, document))
    return (None, problems) if problems else (_build(by_key, root), [])


def _build(origins: Mapping[str, Origin], root: Path) -> Settings:
    """Return the settings, with absolute paths."""
    values = {key: origin.value for key, origin in origins.items()}
    for key in _PATHS:
        if values[key] is not None and values[key] != _IN_MEMORY:
            values[key] = os.path.normpath(root / values[key])
    for key, kind in _KINDS.items():
        values[key] = kind(values[key])
    if values["database.retention"] == NEVER:
        values["database.retention"] = None
    standalone = TemporalStandaloneSettings(**_section(values, "temporal.standalone."))
    return Settings(
        root=root,
        mode=values["mode"],
        server=ServerSettings(**_section(values, "server.")),
        database=DatabaseSettings(**_section(values, "database.")),
        redis=RedisSettings(**_section(values, "redis.")),
        cache=CacheSettings(**_section(values, "cache.")),
        rate_limit=RateLimitSettings(**_section(values, "ratelimit.")),
        temporal=TemporalSettings(**_section(values, "temporal."), standalone=standalone),
        limits=LimitsSettings(**_section(values, "limits.")),
        worker=WorkerSettings(**_section(values, "worker.")),
        log=LogSettings(**_section(values, "log.")),
        telemetry=TelemetrySettings(**_section(values, "telemetry.")),
        origins=tuple(origins.values()),
    )


def _section(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the values directly under the prefix, by their last part."""
    names = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    return {name: value for name, value in names.items() if "." not in name}
