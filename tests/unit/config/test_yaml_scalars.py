import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.config.yaml_files import parse_yaml


def value_of(text):
    return parse_yaml(f"key: {text}\n".encode(), file="test.yaml").data["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0x1f", 31),
        ("0o17", 15),
        ("9007199254740993", 9007199254740993),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-0.0", -0.0),
    ],
)
def test_plain_scalars_have_the_type_of_yaml_1_2(text, value):
    read = value_of(text)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "tRUE",
        "012",
        "00.5",
        "1_000",
        "1:30",
        "2026-01-31",
        "0b11",
        "1.2.3",
        "-a",
        ".",
    ],
)
def test_what_yaml_1_1_would_convert_stays_text(text):
    assert value_of(text) == text


@pytest.mark.parametrize("text", ["'12'", '"12"', "!!str 12"])
def test_quoted_and_tagged_scalars_are_text(text):
    assert value_of(text) == "12"


@given(st.integers(min_value=-(10**30), max_value=10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_exactly(number):
    assert value_of(repr(number)) == number
