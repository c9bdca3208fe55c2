"""``name=value`` arguments."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.cli.assignments import merge, parse_assignments, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-1.5", -1.5),
        ("true", True),
        ("null", None),
        ('{"a": [1]}', {"a": [1]}),
        ('"3"', "3"),
        ("Ada", "Ada"),
        ("", ""),
        ("a=b", "a=b"),
        ("True", "True"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("{not json", "{not json"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_value_is_json_where_it_is_json_and_else_text(text, value):
    assert parse_value(text) == value


@given(st.text())
def test_any_text_has_a_value_that_json_can_carry(text):
    json.dumps(parse_value(text), allow_nan=False)


def test_dots_nest_and_siblings_share_their_parent():
    found = parse_assignments(["user.name=Ada", "user.address.city=London", "n=1"])

    assert found == {"user": {"name": "Ada", "address": {"city": "London"}}, "n": 1}


def test_only_the_first_equals_sign_divides():
    assert parse_assignments(["q=a=b=c"]) == {"q": "a=b=c"}


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["name"], "'name' has no '='; write name=value"),
        (["=x"], "'=x' has an empty name; write name=value, or outer.inner=value"),
        (["a..b=x"], "'a..b=x' has an empty name; write name=value, or outer.inner=value"),
        (["a=1", "a=2"], "'a' is given twice"),
        (["a=1", "a.b=2"], "'a.b' is inside 'a', which was given a value of its own"),
        (["a.b=2", "a=1"], "'a' is given twice"),
    ],
)
def test_contradictions_are_refused_with_the_name(assignments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_assignments(assignments)


def test_merge_lays_objects_over_objects_and_replaces_all_else():
    base = {"a": {"x": 1, "y": [1, 2]}, "b": {"z": 1}, "c": 1}
    over = {"a": {"y": [3]}, "b": 2, "d": None}

    assert merge(base, over) == {"a": {"x": 1, "y": [3]}, "b": 2, "c": 1, "d": None}
    assert base == {"a": {"x": 1, "y": [1, 2]}, "b": {"z": 1}, "c": 1}
