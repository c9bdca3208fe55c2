"""What the domain tells of JSON values."""

from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.json import find_odd_key, fingerprint


class Number(IntEnum):
    ONE = 1


class Name(StrEnum):
    ONE = "1"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({1: 2}, ("", 1)),
        ({"a": {None: 2}}, (".a", None)),
        ([0, {"a": ({}, {"b": {True: []}})}], ("[1].a[1].b", True)),
        ({"a": {"b": {1.5: {}}}, "c": {Number.ONE: {}}}, (".c", Number.ONE)),
    ],
)
def test_an_odd_key_is_found_where_it_is_the_nearest_first(value, found):
    assert find_odd_key(value) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(Name.ONE), inner),
)


@given(JSON)
def test_texts_are_no_odd_keys(value):
    assert find_odd_key(value) is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"a": 1, "b": [1, {"c": 2}]}, {"b": [1, {"c": 2}], "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": 1}, {"a": 1.0}, False),
        ({"ä": "😀"}, {"\u00e4": "\U0001f600"}, True),
    ],
)
def test_equal_values_have_one_fingerprint(left, right, same):
    assert (fingerprint(left) == fingerprint(right)) is same
