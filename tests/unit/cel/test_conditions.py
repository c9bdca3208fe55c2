"""What is true, and what is refused to be called so."""

import pytest

from compozy.templates import TemplateError
from compozy.templates.cel import ExpressionError, is_true, truth_of, value_of

SCOPE = {"input": {"age": 36, "flag": "Yes", "off": False, "name": "Ada"}, "item": {"ok": True}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("  \n ", True),
        ("input.age > 30", True),
        ("input.age > 40", False),
        ("item.ok", True),
        ("{{ .input.flag }}", True),
        ("{{ .input.off }}", False),
        ("{{ gt .input.age 30 }}", True),
        ('{{ if eq .input.name "Ada" }}on{{ else }}off{{ end }}', True),
        ('{{ if eq .input.name "Bob" }}true{{ end }}', False),
        (" {{ .input.flag }} ", True),
    ],
)
def test_a_condition_holds_or_not(sources, text, expected):
    assert is_true(text, SCOPE, sources=sources) is expected


@pytest.mark.parametrize("text", ["input.age", "input.name", "'true'", "1", "null", "[true]"])
def test_an_expression_that_is_neither_true_nor_false_is_no_condition(sources, text):
    with pytest.raises(ExpressionError, match="a condition is true or false"):
        is_true(text, SCOPE, sources=sources)


@pytest.mark.parametrize("text", ["{{ .input.name }}", "{{ .input.age }}", "{{ .input }}", "yes {{ .input.name }}"])
def test_a_template_that_is_neither_is_no_condition(sources, text):
    with pytest.raises(ExpressionError, match="neither true nor false"):
        is_true(text, SCOPE, sources=sources)


def test_a_template_that_fails_is_told_as_one(sources):
    with pytest.raises(TemplateError, match='no "nam"'):
        is_true("{{ .input.nam }}", SCOPE, sources=sources)


@pytest.mark.parametrize("value", [True, "true", "TRUE", "yes", "Yes", "1", 1, "on", " on "])
def test_what_says_yes_is_true(value):
    assert truth_of(value) is True


@pytest.mark.parametrize("value", [False, "false", "False", "no", "0", 0, "off", "OFF", "", " ", None])
def test_what_says_no_or_nothing_is_false(value):
    assert truth_of(value) is False


@pytest.mark.parametrize(
    "value", ["maybe", 2, -1, 1.0, [], {}, [True], "truefalse", 10**5000], ids=lambda value: type(value).__name__
)
def test_what_says_neither_is_refused(value):
    with pytest.raises(ExpressionError, match="neither true nor false"):
        truth_of(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("input.name", "Ada"), ("{{ .input.name | lower }}", "ada"), ("input.age > 3 ? 'a' : 'b'", "a")],
)
def test_a_router_asks_an_expression_or_a_template(sources, text, expected):
    assert value_of(text, SCOPE, sources=sources) == expected
