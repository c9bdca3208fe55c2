"""Which value each setting has: default < project file < environment < flag. A pure function of these four."""

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
from pydantic import ValidationError

from compozy.config.documents import Document, KeyPath, dotted
from compozy.config.sections import Sections
from compozy.config.settings import (
    DatabaseSettings,
    LogSettings,
    Mode,
    Origin,
    ServerSettings,
    Settings,
    StoreDriver,
    TemporalSettings,
    TemporalStandaloneSettings,
)
from compozy.config.table import FOLLOWS_MODE, NEVER, SETTINGS
from compozy.config.urls import says_ssl_mode
from compozy.config.validation import describe
from compozy.domain.errors import Problem

_PATHS: Final = (
    "database.path",
    "database.ssl_ca",
    "database.ssl_cert",
    "database.ssl_key",
    "temporal.standalone.cli_path",
    "temporal.standalone.database_file",
)
_IN_URL: Final = tuple(f"database.{name}" for name in ("host", "port", "user", "password", "name"))
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
    given = _from_outside(environ, flags)
    try:
        outside = Sections.model_validate(_nested(given))  # not strict: variables are text
    except ValidationError as error:
        return None, _problems_outside(error, given)
    origins = tuple(_origins(document, file, outside, given, default_mode))
    by_key = {origin.key: origin for origin in origins}
    problems = [*_exposure_problems(by_key, document), *_database_problems(by_key, document)]
    return (None, problems) if problems else (_build(by_key, root), [])


@attrs.frozen
class _Given:
    """A raw value from outside the project file."""

    value: Any
    source: str


def _from_outside(environ: Mapping[str, str], flags: Mapping[str, Any]) -> dict[str, _Given]:
    """Return what the environment and the flags say, by dotted key; flags win."""
    unknown = set(flags).difference(setting.key for setting in SETTINGS)
    if unknown:
        raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
    given: dict[str, _Given] = {}
    for setting in SETTINGS:
        flag = flags.get(setting.key)
        if flag is not None:
            value = os.fspath(flag) if isinstance(flag, os.PathLike) else flag
            given[setting.key] = _Given(value, f"flag {setting.flag or setting.key}")
        elif environ.get(setting.env):
            given[setting.key] = _Given(environ[setting.env], f"environment {setting.env}")
    return given


def _nested(given: Mapping[str, _Given]) -> dict[str, Any]:
    """Return the raw values nested by the parts of their keys."""
    nested: dict[str, Any] = {}
    for key, found in given.items():
        *sections, name = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = found.value
    return nested


def _problems_outside(error: ValidationError, given: Mapping[str, _Given]) -> list[Problem]:
    """Return what is wrong with the environment and the flags."""
    problems = []
    for found in error.errors(include_url=False):
        key = dotted(found["loc"])
        message, hint = describe(found)
        source = f"set by {given[key].source}"
        problems.append(Problem(key=key, message=message, hint=f"{source}; {hint}" if hint else source))
    return problems


def _origins(
    document: Document, file: Sections, outside: Sections, given: Mapping[str, _Given], default_mode: Mode
) -> Iterator[Origin]:
    """Yield each setting's value and source, in the order of the table."""
    mode = default_mode
    for setting in SETTINGS:
        path = tuple(setting.key.split("."))
        in_file = _value_at(file, path)
        if setting.key in given:
            origin = Origin(key=setting.key, value=_value_at(outside, path), source=given[setting.key].source)
        elif in_file is not None:
            origin = Origin(key=setting.key, value=in_file, source=f"{document.file}:{document.find_line(path)}")
        elif setting.default == FOLLOWS_MODE:
            followed = _following(setting.key, mode)
            origin = Origin(key=setting.key, value=followed, source=f"default for mode {mode}")
        else:
            default = default_mode.value if setting.key == "mode" else setting.default
            origin = Origin(key=setting.key, value=default, source="default")
        if setting.key == "mode":
            mode = Mode(origin.value)
        yield origin


def _value_at(sections: Sections, path: KeyPath) -> Any:
    """Return the value at the path, or None when it or a section on the way is absent."""
    value: Any = sections
    for part in path:
        value = getattr(value, str(part), None)
    return value


def _following(key: str, mode: Mode) -> str:
    """Return the value that the project's mode gives a setting."""
    if key == "database.driver":
        return StoreDriver.SQLITE if mode is Mode.STANDALONE else StoreDriver.POSTGRES
    return mode


def _exposure_problems(origins: Mapping[str, Origin], document: Document) -> Iterator[Problem]:
    """Yield what would open the program to other machines without anybody having asked for it."""
    host, allow_public = origins["server.host"], origins["server.allow_public"].value
    if not _is_loopback(host.value) and not allow_public:
        hint = "use 127.0.0.1, or set server.allow_public: true"
        yield _problem(host, document, f"{host.value!r} is reachable from other machines, without authentication", hint)
    bind_ip = origins["temporal.standalone.bind_ip"]
    if not _is_loopback(bind_ip.value):
        yield _problem(bind_ip, document, f"{bind_ip.value!r} is not a loopback address", "use 127.0.0.1")


def _database_problems(origins: Mapping[str, Origin], document: Document) -> Iterator[Problem]:
    """Yield what says twice, or only by half, how to reach the database."""
    url = origins["database.url"]
    if url.value is not None:
        said_twice = [origins[key] for key in _IN_URL if origins[key].value is not None]
        ssl_mode = origins["database.ssl_mode"]
        if ssl_mode.value is not None and says_ssl_mode(url.value):
            said_twice.append(ssl_mode)
        for origin in said_twice:
            message = f"is set beside database.url (from {url.source}), which says it already"
            yield _problem(origin, document, message, "keep one of the two")
    key = origins["database.ssl_key"]
    if key.value is not None and origins["database.ssl_cert"].value is None:
        yield _problem(key, document, "is of no use without database.ssl_cert", "set both, or neither")


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the address; of names, only ``localhost`` is known to be so."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(origin: Origin, document: Document, message: str, hint: str) -> Problem:
    """Return a problem with a value, at the place it came from."""
    path = tuple(origin.key.split("."))
    if origin.source.startswith(f"{document.file}:"):
        return document.problem(path, message, hint=hint)
    return Problem(key=origin.key, message=message, hint=f"set by {origin.source}; {hint}")


def _build(origins: Mapping[str, Origin], root: Path) -> Settings:
    """Return the settings, with absolute paths."""
    values = {key: origin.value for key, origin in origins.items()}
    for key in _PATHS:
        if values[key] is not None and values[key] != _IN_MEMORY:
            values[key] = os.path.normpath(root / values[key])
    values["mode"] = Mode(values["mode"])
    values["database.driver"] = StoreDriver(values["database.driver"])
    values["temporal.mode"] = Mode(values["temporal.mode"])
    if values["database.retention"] == NEVER:
        values["database.retention"] = None
    standalone = TemporalStandaloneSettings(**_section(values, "temporal.standalone."))
    return Settings(
        root=root,
        mode=values["mode"],
        server=ServerSettings(**_section(values, "server.")),
        database=DatabaseSettings(**_section(values, "database.")),
        temporal=TemporalSettings(**_section(values, "temporal."), standalone=standalone),
        log=LogSettings(**_section(values, "log.")),
        origins=tuple(origins.values()),
    )


def _section(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the values directly under the prefix, by their last part."""
    names = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
    return {name: value for name, value in names.items() if "." not in name}
