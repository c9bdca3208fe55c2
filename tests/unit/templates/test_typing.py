"""What becomes of rendered text that looks like JSON or like a number."""

import pytest

TYPED = {
    "123456789": 123456789,
    "-7": -7,
    "0": 0,
    "9007199254740991": 9007199254740991,
    "9007199254740992": "9007199254740992",
    "-9007199254740993": "-9007199254740993",
    "99999999999999999999": "99999999999999999999",
    "123.456": 123.456,
    "-0.5": -0.5,
    "0.123456789123456789": "0.123456789123456789",
    "1.50": "1.50",
    "007": "007",
    "-0": "-0",
    "+1": "+1",
    "1e5": "1e5",
    "1_000": "1_000",
    "٣": "٣",
    " 1": " 1",
    "true": "true",
    "false": "false",
    "null": "null",
    '{"a": 1}': {"a": 1},
    "\n[1, 2]\n": [1, 2],
    "{not json": "{not json",
    "[1, 2": "[1, 2",
    "[0.5, 0.123456789123456789]": [0.5, "0.123456789123456789"],
    "[NaN]": "[NaN]",
    "[" * 100_000: "[" * 100_000,
}


@pytest.mark.parametrize(("text", "expected"), TYPED.items(), ids=lambda value: str(value)[:30])
def test_text_of_several_parts_is_typed_by_its_looks(rendered, text, expected):
    result = rendered("{{ .head }}{{ .tail }}", {"head": text[:1], "tail": text[1:]})

    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize("value", ["42", '{"a": 1}', 2**80, 0.1, True, None, ["1"], {"a": "1"}])
def test_single_expression_keeps_its_type(rendered, value):
    result = rendered("{{ .value }}", {"value": value})

    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize("text", ["42", '{"a": 1}', "1.5"])
def test_text_without_templates_is_never_touched(rendered, text):
    assert rendered(text) == text


def test_white_space_around_an_expression_makes_it_text(rendered):
    assert rendered(" {{ .value }}", {"value": "a"}) == " a"
    assert rendered("{{ .value }}\n", {"value": [1]}) == [1]
