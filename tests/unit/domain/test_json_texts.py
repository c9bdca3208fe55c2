"""JSON texts: what is lost on the way through one is found."""

import doctest
import json

import pytest

from compozy.domain import json_texts
from compozy.domain.json import MAX_DEPTH
from compozy.domain.json_texts import find_loss, find_unkept


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [None, "NUL \0", {"1": 2, "true": [{"null": 1.5}]}, nested(MAX_DEPTH), [[]] * 300])
def test_what_comes_back_as_it_was_is_no_loss(value):
    assert json.loads(json.dumps(value)) == value
    assert find_loss(value, json.dumps(value)) is None
    assert find_loss(value, json.dumps(value, separators=(",", ":"))) is None
    assert find_unkept(value) is None


@pytest.mark.parametrize("key", [1, 1.5, -2, 1e300, True, False, None])
@pytest.mark.parametrize("separators", [None, (",", ":")])
def test_a_key_that_is_no_text_is_found_with_its_place(key, separators):
    value = {"a": [{"b": 1}, {key: 2}]}

    problem = find_loss(value, json.dumps(value, separators=separators))

    assert (problem.key, problem.message) == (".a[1]", f"the key {key!r} is not a text")


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_what_is_too_deep_is_not_kept(levels):
    assert find_unkept(nested(levels)).message == f"nested deeper than {MAX_DEPTH} levels"


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), [object()]])
def test_what_is_no_json_is_not_kept(value):
    assert "JSON" in find_unkept(value).message


def test_the_examples_hold():
    assert doctest.testmod(json_texts) == (0, 1)
