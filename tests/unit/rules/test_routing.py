"""Which route a router takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.domain.errors import InvalidError
from compozy.engine.rules.routing import route_of

ROUTES = {"approved": "ship", "rejected": "refund"}


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        ("approved rejected", "approved", "approved"),
        ("approved rejected", " rejected\n", "rejected"),
        ("true false", True, "true"),
        ("true false", False, "false"),
        ("true false", "true", "true"),
        ("1 2 3", 3, "3"),
        ("1 2 3", 3.0, "3"),
        ("-1 1.5", 1.5, "1.5"),
        ("-1 1.5", -1, "-1"),
        ("true 1", 1, "1"),
        ("null a", None, "null"),
        ("a default", None, "default"),
        ("a default", "", "default"),
        ("a default", "A", "default"),
        ("a default", 7, "default"),
        ("a default", True, "default"),
        ("a default", "default", "default"),
    ],
)
def test_the_key_that_is_the_value_is_taken_else_the_default(keys, value, expected):
    assert route_of(dict.fromkeys(keys.split(), "task"), value) == expected


def test_a_route_for_blank_text_may_be_named():
    assert route_of({"": "nobody", "default": "somebody"}, " ") == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("aproved", "no route for 'aproved' (did you mean 'approved'? known: approved, rejected; a route \"default\""),
        ("zzz", "no route for 'zzz' (known: approved, rejected; a route"),
        ("", "no route for ''"),
        (None, "no route for 'null'"),
        (True, "no route for 'true'"),
        (2**53, "no route for '9007199254740992'"),
        ("x" * 1000, f"no route for '{'x' * 80}…' (known"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_without_a_default_an_unknown_value_is_an_error_that_lists_the_keys(value, said):
    with pytest.raises(InvalidError) as refused:
        route_of(ROUTES, value)

    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("value", "kind"), [([], "a list"), ({"a": 1}, "an object")])
def test_a_list_or_an_object_is_no_key_not_even_for_the_default(value, kind):
    with pytest.raises(InvalidError, match=f"the condition came to {kind}, which is no route"):
        route_of({**ROUTES, "default": "other"}, value)


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20)


@given(st.dictionaries(st.text(max_size=5), st.just("task"), max_size=5), scalars)
def test_what_is_taken_is_a_route(routes, value):
    assert route_of({**routes, "default": "task"}, value) in {*routes, "default"}


@given(st.text(max_size=20).filter(lambda key: key == key.strip()))
def test_every_key_can_be_reached(key):
    assert route_of({key: "a", "default": "b"}, key) == key
