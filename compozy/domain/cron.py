"""Cron expressions: what ``0 9 * * MON-FRI``, ``@daily`` or ``@every 10s`` stand for.

Five fields are those of crontab(5): minute, hour, day of the month, month, day of the week. Seven are a second before
them and a year after them. Of six, the sixth tells: a number of four digits is a year, so there is no second; with
anything else the first is the second. No weekday has four digits, so nothing can be meant both ways.

As in crontab(5), a day matches when either the day of the month or the day of the week does, if both are restricted;
when one of them begins with ``*`` (or is ``?``), both have to match.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import dropwhile, product
from typing import Final

import attrs

from compozy.domain.cron_fields import DAY, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, YEAR
from compozy.domain.durations import parse_duration
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.suggestions import did_you_mean

MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""What the names of common schedules stand for."""

_EVERY: Final = "@every"
_SHORTEST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(days=36500)
_ANY: Final = ("*", "?")
_DAYS_OF_WEEK: Final = 7
_YEARS: Final = re.compile(r"[0-9]{4}(?![0-9]).*")
_LONGEST_TEXT: Final = 500
_HINT: Final = 'write five fields, for example "0 9 * * MON-FRI", or @daily, or "@every 10s"'


@attrs.frozen(kw_only=True)
class Calendar:
    """Moments that a clock on the wall shows: those whose every part is among these numbers.

    Attributes:
        seconds: Of the minute.
        minutes: Of the hour.
        hours: Of the day.
        days: Of the month.
        months: Of the year.
        weekdays: 0 is Sunday, 6 Saturday.
        years: None for all.
    """

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int] | None = None

    def days_from(self, first: date) -> Iterator[date]:
        """Yield the days that match, from this one to the end of what calendars reach."""
        years = YEAR.all if self.years is None else self.years
        numbers = product(sorted(years), sorted(self.months), sorted(self.days))
        for year, month, day in dropwhile(lambda each: each < (first.year, first.month, first.day), numbers):
            if day <= monthrange(year, month)[1]:
                found = date(year, month, day)
                if found.isoweekday() % _DAYS_OF_WEEK in self.weekdays:
                    yield found


@attrs.frozen(kw_only=True)
class CronSpec:
    """When something is due: either at every multiple of a time, or whenever one of some calendars matches.

    Attributes:
        every: The time, whole seconds, counted from 1970-01-01T00:00:00Z; None when the calendars say.
        calendars: One or two; empty when ``every`` says.
    """

    every: timedelta | None = None
    calendars: tuple[Calendar, ...] = ()


def parse_cron(text: str) -> CronSpec:
    """Return what a cron expression stands for.

    >>> parse_cron("@every 1m30s").every
    datetime.timedelta(seconds=90)
    >>> sorted(parse_cron("0 9-17/4 * * *").calendars[0].hours)
    [9, 13, 17]

    Args:
        text: Five to seven fields, in any case; one of MACROS; or ``@every`` and a duration of whole seconds.

    Raises:
        InvalidError: It is none of this, or names a day that never comes.
    """
    shown = text.strip()
    if len(shown) > _LONGEST_TEXT:
        raise _refusal(f"is {len(shown)} characters long", f"write at most {_LONGEST_TEXT}")
    if shown.startswith("@"):
        return _of_macro(shown)
    fields = shown.upper().split()
    if fields and "=" in fields[0]:
        raise _refusal(f"{fields[0]!r} is no field of it", "set schedule.timezone")
    spec = _of_fields(shown, fields)
    if not any(map(_ever_comes, spec.calendars)):
        raise _refusal(f"{shown!r} never comes", "no such month has such a day")
    return spec


def _of_macro(shown: str) -> CronSpec:
    name, _, rest = shown.partition(" ")
    name = name.lower()
    if name == _EVERY:
        return CronSpec(every=_interval(rest.strip()))
    if name == "@reboot":
        raise _refusal("@reboot has no meaning for a schedule", "start an execution when the program starts")
    if name not in MACROS or rest:
        raise _refusal(f"{shown!r} is not the name of a schedule", did_you_mean(name, [*MACROS, _EVERY]))
    return _of_fields(shown, MACROS[name].split())


def _interval(text: str) -> timedelta:
    every = parse_duration(text)
    if every < _SHORTEST or every % _SHORTEST:
        raise _refusal(f"@every {text} is not a whole number of seconds", "write @every 1s or a multiple of it")
    if every > _LONGEST:
        raise _refusal(f"@every {text} is too long", f"write at most {_LONGEST.days}d")
    return every


def _of_fields(shown: str, fields: list[str]) -> CronSpec:
    second, (minute, hour, day, month, weekday), year = _told_apart(shown, fields)
    times = Calendar(
        seconds=SECOND.parse(second),
        minutes=MINUTE.parse(minute),
        hours=HOUR.parse(hour),
        days=DAY.parse(day),
        months=MONTH.parse(month),
        weekdays=_weekdays(WEEKDAY.parse(weekday)),
        years=None if year in _ANY else YEAR.parse(year),
    )
    if day.startswith(_ANY) or weekday.startswith(_ANY):
        return CronSpec(calendars=(times,))
    either = attrs.evolve(times, weekdays=_weekdays(WEEKDAY.all)), attrs.evolve(times, days=DAY.all)
    return CronSpec(calendars=either)


def _told_apart(shown: str, fields: list[str]) -> tuple[str, list[str], str]:
    """Return the second, the five fields that crontab has, and the year."""
    match len(fields):
        case 5:
            return "0", fields, "*"
        case 6 if _YEARS.fullmatch(fields[-1]):
            return "0", fields[:-1], fields[-1]
        case 6:
            return fields[0], fields[1:], "*"
        case 7:
            return fields[0], fields[1:-1], fields[-1]
    raise _refusal(f"{shown!r} has {len(fields)} fields", _HINT)


def _weekdays(numbers: frozenset[int]) -> frozenset[int]:
    """Return the same days with Sunday as 0 alone."""
    return frozenset(number % _DAYS_OF_WEEK for number in numbers)


def _ever_comes(calendar: Calendar) -> bool:
    return next(calendar.days_from(date.min), None) is not None


def _refusal(said: str, hint: str) -> InvalidError:
    return InvalidError(Problem(message=said, hint=hint))
