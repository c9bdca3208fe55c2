"""The moments at which schedules are due, where clocks are changed too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compozy.domain.cron import parse_cron
from compozy.engine.schedules.instants import next_times

MINUTE = timedelta(minutes=1)
ZONES = [
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
]
"""Among them one that changes its clock at midnight, and one that does by half an hour."""


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(cron, after, *, timezone="UTC", count=3, **limits):
    times = next_times(parse_cron(cron), after=at(after), timezone=ZoneInfo(timezone), count=count, **limits)
    return [time.isoformat().removesuffix("+00:00") for time in times]


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "times"),
    [
        ("0 9 * * MON", "UTC", "2026-11-23T09:00", ["2026-11-30T09:00:00", "2026-12-07T09:00:00"]),
        ("0 9 * * MON", "UTC", "2026-11-23T08:59:59", ["2026-11-23T09:00:00", "2026-11-30T09:00:00"]),
        ("0 9 * * *", "Asia/Kathmandu", "2026-11-23T00:00", ["2026-11-23T03:15:00", "2026-11-24T03:15:00"]),
        ("0 0 29 2 *", "UTC", "2026-11-23T00:00", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("0 0 13 * FRI", "UTC", "2026-11-05T00:00", ["2026-11-06T00:00:00", "2026-11-13T00:00:00"]),
        ("*/30 0 0 1 1 * 2030", "UTC", "2026-11-23T00:00", ["2030-01-01T00:00:00", "2030-01-01T00:00:30"]),
        ("@every 90s", "Europe/Lisbon", "2026-11-23T00:00:01", ["2026-11-23T00:01:30", "2026-11-23T00:03:00"]),
        ("@every 1s", "UTC", "2026-11-23T00:00:00.5", ["2026-11-23T00:00:01", "2026-11-23T00:00:02"]),
    ],
)
def test_the_next_times_are_later_and_soonest_first(cron, timezone, after, times):
    assert due(cron, after, timezone=timezone, count=2) == times


def test_an_hour_that_a_clock_skips_has_no_times():
    after = "2027-03-13T12:00"

    assert due("30 2 * * *", after, timezone="America/New_York", count=2) == [
        "2027-03-15T06:30:00",
        "2027-03-16T06:30:00",
    ]


def test_in_an_hour_that_a_clock_repeats_the_times_come_twice():
    after = "2027-11-07T00:00"

    assert due("30 1 * * *", after, timezone="America/New_York") == [
        "2027-11-07T05:30:00",
        "2027-11-07T06:30:00",
        "2027-11-08T06:30:00",
    ]


def test_start_and_end_are_times_themselves():
    limits = {"start_at": at("2027-01-01T00:00"), "end_at": at("2027-01-01T02:00")}

    assert due("@hourly", "2026-11-23T00:00", count=9, **limits) == [
        "2027-01-01T00:00:00",
        "2027-01-01T01:00:00",
        "2027-01-01T02:00:00",
    ]
    assert due("@every 1h", "2027-01-01T01:00", count=9, **limits) == ["2027-01-01T02:00:00"]
    assert due("@hourly", "2027-01-01T02:00", count=9, **limits) == []


def test_a_year_that_is_over_has_no_times():
    assert due("0 0 1 1 * 2020", "2026-11-23T00:00") == []


def matching_minutes(spec, timezone, after, count):
    """Return the times by looking at every minute."""
    found = []
    moment = after.replace(second=0, microsecond=0)
    while len(found) < count:
        moment += MINUTE
        shown = moment.astimezone(timezone)
        if any(
            shown.minute in each.minutes
            and shown.hour in each.hours
            and shown.day in each.days
            and shown.isoweekday() % 7 in each.weekdays
            for each in spec.calendars
        ):
            found.append(moment)
    return tuple(found)


@pytest.mark.slow
@given(
    cron=st.sampled_from(
        ["30 2 * * *", "*/15 0-3 * * *", "0 0 * * *", "45 1,23 * * *", "5 23 * * SUN", "0,59 23,0 */2 * 6,0"]
    ),
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - see timezones
)
@settings(max_examples=30)
@example(cron="45 1,23 * * *", zone="Australia/Lord_Howe", after=datetime(2027, 4, 3, tzinfo=UTC))
@example(cron="0 0 * * *", zone="America/Santiago", after=datetime(2027, 9, 4, tzinfo=UTC))
@example(cron="30 2 * * *", zone="Europe/Lisbon", after=datetime(2027, 3, 27, tzinfo=UTC))
def test_they_are_the_minutes_whose_local_time_matches(cron, zone, after):
    spec, timezone = parse_cron(cron), ZoneInfo(zone)

    times = next_times(spec, after=after, timezone=timezone, count=4)

    assert times == matching_minutes(spec, timezone, after, 4)
