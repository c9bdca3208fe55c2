"""Schedules in Temporal's words: calendars, intervals, and what happens when something is due too early or too late."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from temporalio.client import (
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    ScheduleRange,
    ScheduleSpec,
)

from compozy.domain.cron import Calendar, parse_cron
from compozy.domain.definitions import OverlapPolicy, ScheduleDefinition

CATCH_UP: Final = timedelta(minutes=1)
"""How long something may be overdue and is still started.

Long enough for a restart, short enough that a program which was off over night does not begin with what was due then.
"""

OVERLAPS: Final = {
    OverlapPolicy.SKIP: ScheduleOverlapPolicy.SKIP,
    OverlapPolicy.ALLOW: ScheduleOverlapPolicy.ALLOW_ALL,
    OverlapPolicy.BUFFER_ONE: ScheduleOverlapPolicy.BUFFER_ONE,
    OverlapPolicy.CANCEL_OTHER: ScheduleOverlapPolicy.CANCEL_OTHER,
}
"""The overlap policies by ours."""


def spec_of(schedule: ScheduleDefinition) -> ScheduleSpec:
    """Return when a schedule is due.

    Calendars, not the text: Temporal would take a day of the month and a weekday for both to match, and six fields for
    something else.

    Raises:
        InvalidError: Its cron expression is wrong.
    """
    spec = parse_cron(schedule.cron)
    return ScheduleSpec(
        calendars=[_calendar(each) for each in spec.calendars],
        intervals=[] if spec.every is None else [ScheduleIntervalSpec(every=spec.every)],
        start_at=schedule.start_at,
        end_at=schedule.end_at,
        jitter=schedule.jitter,
        time_zone_name=schedule.timezone,
    )


def _calendar(calendar: Calendar) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(
        second=_ranges(calendar.seconds),
        minute=_ranges(calendar.minutes),
        hour=_ranges(calendar.hours),
        day_of_month=_ranges(calendar.days),
        month=_ranges(calendar.months),
        day_of_week=_ranges(calendar.weekdays),
        year=() if calendar.years is None else _ranges(calendar.years),
    )


def _ranges(numbers: Iterable[int]) -> list[ScheduleRange]:
    """Return numbers as ranges, as few as there are gaps allow."""
    ranges: list[ScheduleRange] = []
    for number in sorted(numbers):
        if ranges and ranges[-1].end == number - 1:
            ranges[-1] = ScheduleRange(ranges[-1].start, number)
        else:
            ranges.append(ScheduleRange(number, number))
    return ranges
