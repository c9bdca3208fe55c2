import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.errors import InvalidError
from compozy.domain.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("256mb", 256_000_000),
        ("256 MiB", 268_435_456),
        ("1.5kib", 1536),
        (" 10B ", 10),
        ("0b", 0),
        ("2TB", 2 * 10**12),
    ],
)
def test_a_number_with_its_unit_is_a_size(text, size_bytes):
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (256, '256 is a number without a unit (write "256mb" for megabytes)'),
        (1.5, '1.5 is a number without a unit (write "1.5mb" for megabytes)'),
        ("1.5b", "'1.5b' is not a whole number of bytes (round it)"),
    ],
)
def test_what_has_no_exact_meaning_is_refused_with_the_way_out(value, message):
    with pytest.raises(InvalidError) as caught:
        parse_size(value)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "value", ["", "256", "mb", "-1mb", "1,000mb", "256mb/s", "8mbit", "1e3b", None, True, [], "\uff11mb"]
)
def test_what_is_not_a_size_is_refused_with_examples(value):
    with pytest.raises(InvalidError) as caught:
        parse_size(value)

    assert str(caught.value) == f'{value!r} is not a size (write for example "256mb" or "1gib")'


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0b"), (1001, "1001b"), (256_000_000, "256mb"), (268_435_456, "256mib")]
)
def test_a_size_is_written_in_the_largest_unit_that_is_exact(size_bytes, text):
    assert format_size(size_bytes) == text


def test_a_negative_size_is_not_written():
    with pytest.raises(ValueError, match="negative"):
        format_size(-1)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_every_written_size_is_read_back_exactly(size_bytes):
    assert parse_size(format_size(size_bytes)) == size_bytes
