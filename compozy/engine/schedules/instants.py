"""The moments at which a schedule is due.

They are those of Temporal, which starts what is due: every moment whose local time matches. An hour that a clock skips
has none, and in an hour that it repeats they come twice. A test compares them with those that a server announces; they
differ in the night in which a clock goes back east of Greenwich, when a server leaves some of the hour out.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import dropwhile, groupby, islice, product, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from compozy.domain.cron import Calendar, CronSpec, parse_cron
from compozy.domain.definitions import ScheduleDefinition

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)


def next_times(
    spec: CronSpec,
    *,
    after: datetime,
    timezone: ZoneInfo,
    count: int,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> tuple[datetime, ...]:
    """Return when a schedule is due next, in UTC, soonest first; fewer than asked for when it ends before.

    Args:
        spec: When, by the clock on the wall.
        after: Later than this; aware.
        timezone: Where the wall is; of no meaning for ``@every``.
        count: How many moments to find.
        start_at: None before this; aware. None for no limit.
        end_at: None after this; aware. None for no limit.
    """
    first = after if start_at is None else max(after, start_at - _SECOND)
    if spec.every is not None:
        times = _multiples(spec.every, first)
    else:
        each = (_matching(calendar, first, timezone) for calendar in spec.calendars)
        times = (moment for moment, _ in groupby(merge(*each)))
    if start_at is not None:
        times = dropwhile(lambda moment: moment < start_at, times)
    if end_at is not None:
        times = takewhile(lambda moment: moment <= end_at, times)
    return tuple(islice(times, count))


def upcoming(schedule: ScheduleDefinition, *, after: datetime, count: int) -> tuple[datetime, ...]:
    """Return when a schedule is due next, in UTC, soonest first, without its jitter.

    Raises:
        InvalidError: Its cron expression is wrong, which is found when a project is loaded.
    """
    return next_times(
        parse_cron(schedule.cron),
        after=after,
        timezone=ZoneInfo(schedule.timezone),
        count=count,
        start_at=schedule.start_at,
        end_at=schedule.end_at,
    )


def _multiples(every: timedelta, after: datetime) -> Iterator[datetime]:
    number = (after - _EPOCH) // every
    while True:
        number += 1
        try:
            yield _EPOCH + number * every
        except OverflowError:
            return


def _matching(calendar: Calendar, after: datetime, timezone: ZoneInfo) -> Iterator[datetime]:
    hours, minutes, seconds = map(sorted, (calendar.hours, calendar.minutes, calendar.seconds))
    for day in calendar.days_from(after.astimezone(timezone).date()):
        # Lazily, for a day may have 86400 of them.
        clock = (time(*each) for each in product(hours, minutes, seconds))
        shown = (datetime.combine(day, each, timezone) for each in clock)
        for moment in _told(day, shown, timezone):
            if moment > after:
                yield moment


def _told(day: date, shown: Iterator[datetime], timezone: ZoneInfo) -> Iterable[datetime]:
    """Return the moments at which a clock shows these times of a day, in their order."""
    midnight = datetime.combine(day, time(), timezone)
    if midnight.utcoffset() == (midnight + _DAY).utcoffset():
        return (moment.astimezone(UTC) for moment in shown)
    # The clock is changed on this day.
    both = (moment.replace(fold=fold) for moment in shown for fold in (0, 1))
    told = ((moment, moment.astimezone(UTC)) for moment in both)
    return sorted({utc for moment, utc in told if utc.astimezone(timezone).time() == moment.time()})
