"""Cron expressions: what they stand for, and what is said about those that stand for nothing."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from compozy.domain.cron import MACROS, parse_cron
from compozy.domain.errors import InvalidError
from compozy.engine.schedules.instants import next_times

BEGIN = datetime(2027, 1, 30, 13, 44, 55, tzinfo=UTC)


def only(cron):
    (calendar,) = parse_cron(cron).calendars
    return calendar


def complaint(cron):
    with pytest.raises(InvalidError) as raised:
        parse_cron(cron)
    return raised.value.problems[0]


@pytest.mark.parametrize(
    ("cron", "part", "numbers"),
    [
        ("*/20 * * * *", "minutes", {0, 20, 40}),
        ("5/20 * * * *", "minutes", {5, 25, 45}),
        ("10-30/10,7 * * * *", "minutes", {7, 10, 20, 30}),
        ("0 9-17/4 * * *", "hours", {9, 13, 17}),
        ("0 0 ? * *", "days", set(range(1, 32))),
        ("0 0 * jan-Mar,DEC *", "months", {1, 2, 3, 12}),
        ("0 0 * * MON-fri", "weekdays", {1, 2, 3, 4, 5}),
        ("0 0 * * 7", "weekdays", {0}),
        ("0 0 * * FRI-SUN", "weekdays", {0, 5, 6}),
        ("  0   0 * *\t0 ", "weekdays", {0}),
    ],
)
def test_a_field_stands_for_its_numbers(cron, part, numbers):
    assert getattr(only(cron), part) == numbers


@pytest.mark.parametrize(
    ("cron", "second", "year"),
    [
        ("0 9 * * *", {0}, None),
        ("30 0 9 * * *", {30}, None),
        ("0 9 * * * 2030", {0}, {2030}),
        ("0 9 * * * 2030-2032", {0}, {2030, 2031, 2032}),
        ("0 9 * * * 2030,2040", {0}, {2030, 2040}),
        ("30 0 9 * * * 2030", {30}, {2030}),
        ("30 0 9 * * * *", {30}, None),
        ("30 0 9 * * ? ?", {30}, None),
    ],
)
def test_six_fields_begin_with_a_second_unless_they_end_with_a_year(cron, second, year):
    calendar = only(cron)

    assert (calendar.seconds, calendar.minutes, calendar.hours) == (second, {0}, {9})
    assert calendar.years == year


@pytest.mark.parametrize("macro", MACROS)
def test_a_macro_in_any_case_is_what_it_stands_for(macro):
    assert parse_cron(macro) == parse_cron(MACROS[macro]) == parse_cron(macro.upper())


@pytest.mark.parametrize(
    ("cron", "every"),
    [
        ("@every 1s", timedelta(seconds=1)),
        ("@EVERY 1h30m", timedelta(minutes=90)),
        ("@every 2 minutes", timedelta(minutes=2)),
    ],
)
def test_every_takes_a_duration(cron, every):
    assert parse_cron(cron).every == every


def test_a_day_of_the_month_and_a_weekday_are_alternatives():
    by_day, by_weekday = parse_cron("0 0 13 * FRI").calendars

    assert (by_day.days, len(by_day.weekdays)) == ({13}, 7)
    assert (by_weekday.weekdays, len(by_weekday.days)) == ({5}, 31)


def test_both_have_to_match_when_one_begins_with_a_star():
    calendar = only("0 0 */10 * FRI")

    assert (calendar.days, calendar.weekdays) == ({1, 11, 21, 31}, {5})


@pytest.mark.parametrize(
    ("cron", "message", "hint"),
    [
        ("", "'' has 0 fields", "five fields"),
        ("* * * *", "has 4 fields", "five fields"),
        ("* * * * * * * *", "has 8 fields", "five fields"),
        ("61 * * * *", "minute '61': 61 is not in 0-59", None),
        ("* * 0 * *", "day of the month '0': 0 is not in 1-31", None),
        ("* * * * 8", "day of the week '8': 8 is not in 0-7", None),
        ("0 0 1 1 * 2199", "year '2199': 2199 is not in 2000-2100", None),
        ("*/0 * * * *", "the step '0'", "*/5"),
        ("*/5/2 * * * *", "the step '5/2'", "*/5"),
        ("1,,2 * * * *", "'' is not a number", "numbers from 0 to 59"),
        ("-5 * * * *", "'' is not a number", "numbers from 0 to 59"),
        ("٣ * * * *", "is not a number", "numbers from 0 to 59"),
        ("0 22-2 * * *", "the range '22-2' runs backwards", "22-23,0-2"),
        ("0 0 * JANU *", "'JANU' is not a number or a name", "did you mean 'JAN'"),
        ("0 0 L * *", "'L' is not a number", "days 28-31"),
        ("0 0 15W * *", "'15W' is not a number", "nearest weekday"),
        ("0 0 * * FRI#2", "'FRI#2' is not a number or a name", "n-th weekday"),
        ("0 0 30 2 *", "never comes", "no such month"),
        ("0 0 29 2 * 2027", "never comes", "no such month"),
        ("TZ=UTC 0 0 * * *", "'TZ=UTC' is no field", "schedule.timezone"),
        ("@dayly", "'@dayly' is not the name", "did you mean '@daily'"),
        ("@daily 5", "'@daily 5' is not the name", "did you mean '@daily'"),
        ("@reboot", "has no meaning", "when the program starts"),
        ("@every", "'' is not a duration", "30s"),
        ("@every 1.5s", "not a whole number of seconds", "@every 1s"),
        ("@every 500ms", "not a whole number of seconds", "@every 1s"),
        ("@every 999999d", "too long", "36500d"),
        ("0 0 1 1 *" + "," * 500, "characters long", "at most 500"),
    ],
)
def test_what_stands_for_nothing_is_refused_with_the_way_out(cron, message, hint):
    problem = complaint(cron)

    assert message in problem.message
    assert hint is None or hint in problem.hint


@given(st.text(alphabet="0123456789*/,-?@#LW JANMONevery\tTZ=", max_size=30))
def test_any_text_is_taken_or_refused(text):
    try:
        spec = parse_cron(text)
    except InvalidError:
        return

    assert spec.every or next_times(spec, after=BEGIN.replace(year=1999), timezone=ZoneInfo("UTC"), count=1)


def fields(lowest, highest):
    number = st.integers(lowest, highest)
    item = st.one_of(
        number.map(str),
        st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}"),
        st.integers(1, 40).map(lambda step: f"*/{step}"),
        # Two different ends: the other one takes 3-3/2 for 3/2.
        st.tuples(st.integers(lowest, highest - 1), st.integers(1, 9)).map(
            lambda each: f"{each[0]}-{highest}/{each[1]}"
        ),
    )
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


@pytest.mark.slow
@given(
    st.tuples(fields(0, 59), fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)),
    st.booleans(),
)
@settings(max_examples=50)
def test_another_implementation_of_crontab_comes_to_the_same_times(parts, has_second):
    cron = " ".join(parts if has_second else parts[1:])

    ours = next_times(parse_cron(cron), after=BEGIN, timezone=ZoneInfo("UTC"), count=3)

    assert list(ours) == list(islice(CronSim(cron, BEGIN), 3))
