"""Durations as people write them: ``1m30s``, ``500ms``, ``1 minute 30 seconds``."""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Final

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import Json

_MICROSECONDS: Final[dict[str, Fraction]] = {
    name: Fraction(size)
    for size, names in (
        (Fraction(1, 1000), "ns nanosecond nanoseconds"),
        (1, "us µs μs microsecond microseconds"),
        (1_000, "ms millisecond milliseconds"),
        (1_000_000, "s sec secs second seconds"),
        (60_000_000, "m min mins minute minutes"),
        (3_600_000_000, "h hr hrs hour hours"),
        (86_400_000_000, "d day days"),
        (604_800_000_000, "w week weeks"),
    )
    for name in names.split()
}

DURATION_UNITS: Final = tuple(_MICROSECONDS)
"""Every name of every unit, in lower case."""

# At most 18 digits on each side of the point: enough for any timedelta, and no text makes the arithmetic slow.
_PART: Final = re.compile(r"(\d{1,18}(?:\.\d{1,18})?|\.\d{1,18})\s*([a-zµμ]+)[\s,]*", re.ASCII | re.IGNORECASE)

_HINT: Final = 'write for example "500ms", "30s", "1m30s" or "1 minute 30 seconds"'


def parse_duration(value: Json) -> timedelta:
    """Return the duration that a text names: numbers with units, added up.

    >>> parse_duration("1m30s")
    datetime.timedelta(seconds=90)
    >>> parse_duration("1 minute 30 seconds") == parse_duration("1.5m")
    True

    Args:
        value: Numbers, each with its unit: ns, us, ms, s, m, h, d, w or their English names, in any case. A bare
            number is refused, because nobody can see its unit.

    Raises:
        InvalidError: It is not a duration, is finer than a microsecond, or is longer than a ``timedelta`` can be.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise InvalidError(Problem(message=f"{value} is a number without a unit", hint=f'write "{value}s" for seconds'))
    if not isinstance(value, str):
        raise InvalidError(Problem(message=f"{value!r} is not a duration", hint=_HINT))
    microseconds = _total_microseconds(value)
    if microseconds is None:
        raise InvalidError(Problem(message=f"{value!r} is not a duration", hint=_HINT))
    if microseconds.denominator != 1:
        raise InvalidError(Problem(message=f"{value!r} is finer than a microsecond", hint="round it to microseconds"))
    try:
        return timedelta(microseconds=int(microseconds))
    except OverflowError:
        raise InvalidError(Problem(message=f"{value!r} is too long", hint="write at most 999999999 days")) from None


def format_duration(duration: timedelta) -> str:
    """Return the shortest common spelling, which :func:`parse_duration` reads back exactly.

    >>> format_duration(timedelta(minutes=1, seconds=30)), format_duration(timedelta(milliseconds=500))
    ('1m30s', '500ms')

    Args:
        duration: Not negative; nothing that Compozy measures is.
    """
    rest = duration // timedelta(microseconds=1)
    if rest < 0:
        raise ValueError(f"{duration!r} is negative")
    parts: list[str] = []
    for unit in ("h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, int(_MICROSECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _total_microseconds(text: str) -> Fraction | None:
    """Return the sum of all parts, or None when anything in the text is not a number with a known unit."""
    text = text.strip()
    total, position = Fraction(0), 0
    while match := _PART.match(text, position):
        size = _MICROSECONDS.get(match[2].lower())
        if size is None:
            return None
        total += Fraction(match[1]) * size
        position = match.end()
    return total if 0 < position == len(text) else None
