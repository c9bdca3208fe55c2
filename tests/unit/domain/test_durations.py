from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.durations import format_duration, parse_duration
from compozy.domain.errors import InvalidError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("30s", 30),
        ("1m30s", 90),
        ("1m 30s", 90),
        ("1.5h", 5400),
        ("1 minute 30 seconds", 90),
        ("1 Hour, 1 Minute", 3660),
        ("2 days", 172800),
        ("1w", 604800),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("1000ns", 0.000001),
        (".5s", 0.5),
        ("0s", 0),
        (" 5s ", 5),
    ],
)
def test_numbers_with_units_are_added_up(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (30, '30 is a number without a unit (write "30s" for seconds)'),
        (1.5, '1.5 is a number without a unit (write "1.5s" for seconds)'),
        ("1ns", "'1ns' is finer than a microsecond (round it to microseconds)"),
        ("9999999999w", "'9999999999w' is too long (write at most 999999999 days)"),
    ],
)
def test_what_has_no_exact_meaning_is_refused_with_the_way_out(value, message):
    with pytest.raises(InvalidError) as caught:
        parse_duration(value)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "value", ["", "   ", "30", "s", "-5s", "1m30", "5 parsecs", "1.2.3s", "1e3s", None, True, [], "\uff15s"]
)
def test_what_is_not_a_duration_is_refused_with_examples(value):
    with pytest.raises(InvalidError) as caught:
        parse_duration(value)

    hint = 'write for example "500ms", "30s", "1m30s" or "1 minute 30 seconds"'
    assert str(caught.value) == f"{value!r} is not a duration ({hint})"


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(milliseconds=500), "500ms"),
        (timedelta(minutes=1, seconds=30), "1m30s"),
        (timedelta(hours=50, microseconds=7), "50h7us"),
    ],
)
def test_a_duration_is_written_without_empty_units(duration, text):
    assert format_duration(duration) == text


def test_a_negative_duration_is_not_written():
    with pytest.raises(ValueError, match="negative"):
        format_duration(timedelta(seconds=-1))


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=999_999_999)))
def test_every_written_duration_is_read_back_exactly(duration):
    assert parse_duration(format_duration(duration)) == duration


@given(st.text())
def test_any_text_is_a_duration_or_invalid(text):
    try:
        duration = parse_duration(text)
    except InvalidError:
        return

    assert duration >= timedelta()
