"""Expressions reach JSON only; random ones come to a result or an error that says what to do."""

import json
import sys
import threading
from string import printable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compozy.templates.cel import ExpressionError, check_expression, evaluate_expression, expression_references

WORDS = st.sampled_from(
    [
        *("input", "tasks", "item", "x", "a", "b", "size", "has", "map", "filter", "all", "exists", "exists_one"),
        *("true", "false", "null", "in", "int", "string", "double", "type", "matches", "split", "math", "google"),
        *(".", ".", ".", "(", "(", ")", ")", "[", "]", "{", "}", ",", ",", ":", "?", "+", "-", "*", "/", "%", "=="),
        *("!=", "<", ">=", "&&", "||", "!", "'a'", '"é"', "''", "r'\\'", "'''", "'", '"', "`a`", "//", "\n", "\\"),
        *("0", "1", "9223372036854775807", "1.5", "1e308", "1u", "-1", "b'x'", "$", "京", "\0", "input.a", "input.l"),
        *("input.l.map(x,", "input.l.filter(x,", ".exists(a,", "input['a-b']", "size(", "has(input.a)", "input.l[0]"),
    ]
)


def _json(integers):
    return st.recursive(
        st.none() | st.booleans() | integers | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from("abcxl") | st.text(max_size=2), inner, max_size=4)
        ),
        max_leaves=12,
    )


JSON = _json(st.integers())
ANYTHING = JSON | st.sampled_from([(1,), {1: 2}, object(), b"x", "\ud800", "a\0", 2**64, 10**400, float("nan")])


def _comes_to_something(text, scope):
    """Evaluate; return the JSON of the result, or the error."""
    expression_references(text)
    try:
        return json.dumps(evaluate_expression(text, scope), allow_nan=False)
    except ExpressionError as error:
        return str(error) or pytest.fail("an error that says nothing")


@pytest.mark.slow
@settings(max_examples=300)
@given(words=st.lists(WORDS, max_size=14), value=ANYTHING, values=st.lists(ANYTHING, max_size=5))
def test_random_expressions_come_to_a_result_or_an_error_and_always_the_same(words, value, values):
    scope = {"input": {"a": value, "l": values}, "tasks": {"a": value}, "x": 1}
    for text in (" ".join(words), "".join(words)):
        if "{{" not in text:
            assert _comes_to_something(text, scope) == _comes_to_something(text, scope)


@settings(max_examples=100)
@given(text=st.text(alphabet=printable + "é京😀\0\ud800", max_size=40).filter(lambda text: "{{" not in text))
def test_random_characters_come_to_a_result_or_an_error(text):
    _comes_to_something(text, {"input": {"a": 1}})


@pytest.mark.slow
@settings(max_examples=100)
@given(value=_json(st.integers(-(2**63), 2**63 - 1)))
def test_a_value_comes_back_as_it_went_in(value):
    scope = {"input": {"a": value}}
    try:
        result = evaluate_expression("[input.a]", scope)
    except ExpressionError:
        return

    assert result == [value]


@pytest.mark.parametrize("value", [(1,), object(), b"x", {1: 2}, type("Text", (str,), {})("a"), {"a": object()}])
def test_what_is_not_json_is_refused(told, value):
    assert told("input == null", {"input": value}).message


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_text_that_would_arrive_as_another_is_refused(told, text):
    assert "in a text of it" in told("input == 'a'", {"input": text}).message
    assert "in a text of it" in told("size(input)", {"input": {text: 1}}).message


@pytest.mark.parametrize("depth", [101, 5_000])
def test_what_nests_too_deep_is_refused(told, depth):
    value = []
    for _ in range(depth):
        value = [value]

    assert "nests more than 100 deep" in told("input == []", {"input": value}).message


def test_a_number_that_no_float_can_hold_is_refused(told):
    assert "too large" in told("input > 1", {"input": 10**400}).message


def test_a_list_that_holds_itself_is_refused(told):
    endless = []
    endless.extend([endless, endless])

    assert "limit" in told("input == []", {"input": endless}).message


@pytest.mark.parametrize(
    "text", ["input.__class__", "input['__class__']", "input.a.__len__()", "''.__class__", "size.__self__", "[].append"]
)
def test_nothing_of_python_can_be_reached(told, text):
    assert told(text, {"input": {"a": "x"}}).message


def test_nulls_may_be_answered_for_ever():
    scope = {"input": {"nulls": [None] * 100}}
    evaluate_expression("input.nulls", scope)
    before = sys.getrefcount(None)
    for _ in range(100):
        evaluate_expression("input.nulls", scope)

    assert abs(sys.getrefcount(None) - before) < 1_000  # without care the library takes 10 000 that are not its own


def test_threads_may_share_expressions():
    texts = [f"input.list.map(x, x + {number}).size() == 3 && input.n == {number}" for number in range(20)]
    wrong = []

    def ask(number):
        for _ in range(10):
            for at, text in enumerate(texts):
                if evaluate_expression(text, {"input": {"list": [1, 2, 3], "n": number}}) != (at == number):
                    wrong.append((at, number))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_checking_starts_no_thread():
    before = threading.active_count()
    check_expression("input.a.exists(x, x.matches('a'))", expects="bool")

    assert threading.active_count() == before
