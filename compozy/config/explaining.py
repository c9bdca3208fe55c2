"""Why a setting has its value: what each of the four sources says of it, and which of them decides."""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from compozy.config.kinds import kinds_of_settings
from compozy.config.origins import Level, Origin
from compozy.config.table import SETTINGS, Follows, Setting
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.suggestions import did_you_mean

_RULES: Final[Mapping[Level, str]] = {
    Level.DEFAULT: "nothing else says anything",
    Level.FILE: "the project file overrules the default",
    Level.ENVIRONMENT: "the environment overrules the project file",
    Level.FLAG: "a flag overrules everything else",
}


@attrs.frozen(kw_only=True)
class Saying:
    """What one source says of a setting.

    Attributes:
        level: Which source.
        name: What the setting is called there; empty where it cannot be said.
        origin: What it says; None when it says nothing.
    """

    level: Level
    name: str
    origin: Origin | None


@attrs.frozen(kw_only=True)
class Explanation:
    """All that there is to know about one setting.

    Attributes:
        setting: The setting.
        kind: What kind of value it takes, in words.
        origin: Its value, and where that came from.
        sayings: What the four sources say, in the order of precedence.
    """

    setting: Setting
    kind: str
    origin: Origin
    sayings: tuple[Saying, ...]

    @property
    def rule(self) -> str:
        """Why the source that decides does."""
        rule, default = _RULES[self.origin.level], self.setting.default
        if self.origin.level is Level.DEFAULT and isinstance(default, Follows):
            return f"it follows {default.key}, and {rule}"
        return rule


def explain(key: str, origins: Mapping[str, Origin], *, file: str) -> list[Explanation]:
    """Return the explanation of a setting, or of all settings of a section, in the order of the table.

    Args:
        key: The dotted key of either, such as ``server.port`` or ``server``.
        origins: The origin of every setting.
        file: What the project file is called.

    Raises:
        InvalidError: There is neither a setting nor a section of that name.
    """
    chosen = [setting for setting in SETTINGS if f"{setting.key}.".startswith(f"{key}.")]
    if not chosen:
        raise InvalidError(Problem(message=f"there is no setting {key!r}", hint=did_you_mean(key, _names_near(key))))
    kinds = kinds_of_settings()
    return [_explanation(setting, kinds[setting.key], origins[setting.key], file) for setting in chosen]


def _names_near(key: str) -> set[str]:
    """Return what somebody may have meant: another setting of that section, any setting, or what stands at the top."""
    section, dot, _ = key.partition(".")
    everything = {setting.key for setting in SETTINGS}
    if not dot:
        return {name.partition(".")[0] for name in everything}
    return {name for name in everything if name.startswith(f"{section}.")} or everything


def _explanation(setting: Setting, kind: str, origin: Origin, file: str) -> Explanation:
    """Return what there is to know about one setting."""
    return Explanation(
        setting=setting, kind=kind, origin=origin, sayings=tuple(_sayings(setting, (origin, *origin.overruled), file))
    )


def _sayings(setting: Setting, origins: tuple[Origin, ...], file: str) -> Iterator[Saying]:
    """Yield what each source says, those too that say nothing."""
    said = {origin.level: origin for origin in origins}
    names = {Level.DEFAULT: "", Level.FILE: file, Level.ENVIRONMENT: setting.env, Level.FLAG: setting.flag or ""}
    for level, name in names.items():
        yield Saying(level=level, name=name, origin=said.get(level))
