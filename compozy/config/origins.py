"""Where values came from: what each source says of a setting, and how its value is shown."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import attrs

from compozy.domain.durations import format_duration
from compozy.domain.secrets import Secret
from compozy.domain.sizes import format_size

_SIZES: Final = frozenset({"cache.max_memory", "limits.max_payload_size"})


class Level(StrEnum):
    """The kinds of source, in the order of precedence: each overrules those above it."""

    DEFAULT = "default"
    FILE = "project file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@attrs.frozen(kw_only=True)
class Origin:
    """The value of one setting, and where it came from.

    Attributes:
        key: Dotted name of the setting.
        value: As it was given, before paths were made absolute.
        source: ``default``, ``compozy.yaml:3``, ``environment SERVER_PORT`` or ``flag --port``.
        level: Which kind of source that is.
        overruled: What sources of lower precedence say, the highest first.
    """

    key: str
    value: Any = attrs.field(repr=False)  # what somebody else's variable says may be a secret
    source: str
    level: Level = Level.DEFAULT
    overruled: tuple["Origin", ...] = ()

    @property
    def is_hidden(self) -> bool:
        """Whether the value, or a part of it, is a secret."""
        return isinstance(self.value, Secret)

    @property
    def has_unit(self) -> bool:
        """Whether the value is written with its unit, as text."""
        return isinstance(self.value, timedelta) or self.key in _SIZES

    @property
    def shown(self) -> str:
        """The value as people write it; a secret is hidden, in an address too."""
        if self.value is None:
            return ""
        if self.key in _SIZES:
            return format_size(self.value)
        if isinstance(self.value, timedelta):
            return format_duration(self.value)
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)
