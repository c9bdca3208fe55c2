"""Instants: RFC 3339 texts or Unix seconds, written by Go's reference-time layouts (``2006-01-02 15:04:05``).

There is no type for time in JSON, so ``now`` is the RFC 3339 text of an instant in UTC and these functions read it
back. Without a zone of its own or a named one, an instant is read and shown in UTC: the machine's zone must not
change what a workflow does.

Source: the layout elements of https://pkg.go.dev/time#Layout.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from compozy.domain.json import Json
from compozy.templates.errors import ArgumentError
from compozy.templates.functions.arguments import text
from compozy.templates.values import kind

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HALF_DAY: Final = 12

_ELEMENTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "January": lambda when: _MONTHS[when.month - 1],
    "Jan": lambda when: _MONTHS[when.month - 1][:3],
    "Monday": lambda when: _DAYS[when.weekday()],
    "Mon": lambda when: _DAYS[when.weekday()][:3],
    "MST": lambda when: when.tzname() or "",
    "2006": lambda when: f"{when.year:04}",
    "Z07:00": lambda when: _offset(when, ":") if when.utcoffset() else "Z",
    "Z0700": lambda when: _offset(when, "") if when.utcoffset() else "Z",
    "-07:00": lambda when: _offset(when, ":"),
    "-0700": lambda when: _offset(when, ""),
    "002": lambda when: f"{when.timetuple().tm_yday:03}",
    "01": lambda when: f"{when.month:02}",
    "02": lambda when: f"{when.day:02}",
    "03": lambda when: f"{_hour12(when):02}",
    "04": lambda when: f"{when.minute:02}",
    "05": lambda when: f"{when.second:02}",
    "06": lambda when: f"{when.year % 100:02}",
    "15": lambda when: f"{when.hour:02}",
    "_2": lambda when: f"{when.day:2}",
    "PM": lambda when: "AM" if when.hour < _HALF_DAY else "PM",
    "pm": lambda when: "am" if when.hour < _HALF_DAY else "pm",
    "1": lambda when: str(when.month),
    "2": lambda when: str(when.day),
    "3": lambda when: str(_hour12(when)),
    "4": lambda when: str(when.minute),
    "5": lambda when: str(when.second),
}  # longer elements before those they begin with: the pattern below tries them in this order
_ELEMENT: Final = re.compile("|".join(map(re.escape, _ELEMENTS)) + r"|[.,](?:0+|9+)(?![0-9])")


def rfc3339(when: datetime) -> str:
    """Return the instant in UTC as ``2026-11-23T08:40:00.123456Z``, without a fraction when there is none."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(value: Json) -> datetime:
    try:
        if isinstance(value, str):
            when = datetime.fromisoformat(value)
            return when if when.tzinfo else when.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ArgumentError(f"wants an RFC 3339 time or Unix seconds: {error}") from error
    raise ArgumentError(f"wants an RFC 3339 time or Unix seconds, got {kind(value)}")


def _written(layout: str, when: datetime) -> str:
    def element(match: re.Match[str]) -> str:
        token = match[0]
        return _ELEMENTS[token](when) if token in _ELEMENTS else _fraction(token, when)

    return _ELEMENT.sub(element, layout)


def _fraction(token: str, when: datetime) -> str:
    digits = f"{when.microsecond:06}000"[: len(token) - 1]
    if token[1] == "0":
        return token[0] + digits
    digits = digits.rstrip("0")
    return token[0] + digits if digits else ""


def _offset(when: datetime, separator: str) -> str:
    offset = when.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{separator}{abs(minutes) % 60:02}"


def _hour12(when: datetime) -> int:
    return when.hour % _HALF_DAY or _HALF_DAY


def _date(layout: Json, value: Json) -> str:
    return _written(text(layout), _instant(value))


def _date_in_zone(layout: Json, value: Json, zone: Json) -> str:
    pattern, when, where = text(layout), _instant(value), _zone(text(zone))
    try:
        return _written(pattern, when.astimezone(where))
    except OverflowError as error:
        raise ArgumentError("the time is out of range in that zone") from error


def _zone(name: str) -> tzinfo:
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ArgumentError(f'no time zone "{name}"; wants an IANA name such as Europe/Lisbon') from error


TABLE: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _date,
    "dateInZone": _date_in_zone,
    "htmlDate": lambda value: _date("2006-01-02", value),
    "unixEpoch": lambda value: str(int(_instant(value).timestamp())),
}
"""Every function on instants by its name in templates; ``now`` is the evaluator's, since it asks the clock."""
