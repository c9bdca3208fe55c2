"""What each source says of each setting, and which of them wins: default < project file < environment < flag."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from pydantic import ValidationError

from compozy.config.documents import Document
from compozy.config.origins import Level, Origin
from compozy.config.sections import Sections
from compozy.config.settings import Mode, RateLimitBackend, StoreDriver
from compozy.config.table import SETTINGS, Follows, Setting
from compozy.config.validation import describe
from compozy.domain.errors import Problem
from compozy.domain.key_paths import KeyPath, dotted


@attrs.frozen
class _Source:
    """What one source outside the project file says: raw, by the keys of the settings."""

    level: Level
    values: Mapping[str, Any] = attrs.field(repr=False)

    def name_for(self, setting: Setting) -> str:
        """Return what the setting is called there."""
        name = setting.env if self.level is Level.ENVIRONMENT else setting.flag or setting.key
        return f"{self.level} {name}"


def trace_origins(
    document: Document,
    file: Sections,
    *,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    default_mode: Mode = Mode.DISTRIBUTED,
) -> tuple[dict[str, Origin], list[Problem]]:
    """Return the origin of each setting's value by its key, in the order of the table, or what is wrong outside.

    A wrong value is a problem even when a source of higher precedence overrules it.

    Args:
        document: The project file, for the lines of its keys.
        file: The same in its shape.
        environ: The environment; only the variables of the table are read.
        flags: The flags that were given, by the dotted key of the setting; None counts as not given.
        default_mode: The mode when nothing says otherwise.

    Returns:
        The origins, none of them when something is wrong; and the problems.

    Raises:
        ValueError: A flag is for no setting of the table; whoever offers it is wrong, not the user.
    """
    said: list[tuple[_Source, Sections]] = []
    problems: list[Problem] = []
    for source in (_environment(environ), _flags(flags)):
        try:
            said.append((source, Sections.model_validate(_nested(source.values))))  # not strict: variables are text
        except ValidationError as error:
            problems += _problems_outside(error, source)
    if problems:
        return {}, sorted(problems, key=lambda problem: _ORDER[problem.key])
    origins: dict[str, Origin] = {}
    for setting in SETTINGS:
        claims = list(_claims(setting, document, file, said, origins, default_mode))
        origins[setting.key] = attrs.evolve(claims[-1], overruled=tuple(reversed(claims[:-1])))
    return origins, []


_ORDER = {setting.key: place for place, setting in enumerate(SETTINGS)}


def _environment(environ: Mapping[str, str]) -> _Source:
    """Return what the environment says; a variable that is set to nothing says nothing."""
    return _Source(
        Level.ENVIRONMENT, {setting.key: environ[setting.env] for setting in SETTINGS if environ.get(setting.env)}
    )


def _flags(flags: Mapping[str, Any]) -> _Source:
    """Return what the flags say."""
    unknown = set(flags).difference(_ORDER)
    if unknown:
        raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
    values = {key: value for key, value in flags.items() if value is not None}
    return _Source(
        Level.FLAG,
        {key: os.fspath(value) if isinstance(value, os.PathLike) else value for key, value in values.items()},
    )


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values nested by the parts of their keys."""
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return nested


def _problems_outside(error: ValidationError, source: _Source) -> Iterator[Problem]:
    """Yield what is wrong with the environment, or with the flags."""
    for found in error.errors(include_url=False):
        key = dotted(found["loc"])
        message, hint = describe(found)
        place = f"set by {source.name_for(SETTINGS[_ORDER[key]])}"
        yield Problem(key=key, message=message, hint=f"{place}; {hint}" if hint else place)


def _claims(
    setting: Setting,
    document: Document,
    file: Sections,
    said: list[tuple[_Source, Sections]],
    so_far: Mapping[str, Origin],
    default_mode: Mode,
) -> Iterator[Origin]:
    """Yield what the sources say of a setting, the lowest precedence first; the default always says something."""
    path = tuple(setting.key.split("."))
    yield _default(setting, so_far, default_mode)
    in_file = _value_at(file, path)
    if in_file is not None:
        place = f"{document.file}:{document.find_line(path)}"
        yield Origin(key=setting.key, value=in_file, source=place, level=Level.FILE)
    for source, sections in said:
        if setting.key in source.values:
            value = _value_at(sections, path)
            yield Origin(key=setting.key, value=value, source=source.name_for(setting), level=source.level)


def _default(setting: Setting, so_far: Mapping[str, Origin], default_mode: Mode) -> Origin:
    """Return the default of a setting: its own, or what one further up in the table decides."""
    if isinstance(setting.default, Follows):
        leader = so_far[setting.default.key]
        followed = _following(setting.key, Mode(leader.value))
        return Origin(key=setting.key, value=followed, source=f"default for {leader.key} {leader.value}")
    value = default_mode.value if setting.key == "mode" else setting.default
    return Origin(key=setting.key, value=value, source="default")


def _value_at(sections: Sections, path: KeyPath) -> Any:
    """Return the value at the path, or None when it or a section on the way is absent."""
    value: Any = sections
    for part in path:
        value = getattr(value, str(part), None)
    return value


def _following(key: str, mode: Mode) -> str:
    """Return the value that a mode, the project's or that of a component, gives a setting."""
    is_standalone = mode is Mode.STANDALONE
    if key == "database.driver":
        return StoreDriver.SQLITE if is_standalone else StoreDriver.POSTGRES
    if key == "ratelimit.backend":
        return RateLimitBackend.MEMORY if is_standalone else RateLimitBackend.REDIS
    return mode
