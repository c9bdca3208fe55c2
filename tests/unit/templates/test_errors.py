"""What authors are told: the problem, its place, the way out."""

import pytest

from compozy.domain.errors import InvalidError
from compozy.templates import TemplateError, check

SYNTAX = {
    "{{ .a": "this action is not closed",
    "{{ if .a }}b": "this block is not closed",
    "{{ if .a }}b{{ else }}c": "this block is not closed",
    "{{ if .a }}{{ else }}{{ else }}{{ end }}": "a second else",
    "{{ end }}": '"end" without a block',
    "{{ else }}": '"else" without a block',
    "{{ }}": "an empty action",
    "{{ .a | }}": "a pipe must lead into a function",
    "{{ .a | .b }}": "a pipe must lead into a function",
    "{{ .a .b }}": "only a function takes arguments",
    "{{ (.a }}": "this parenthesis is not closed",
    "{{ .a) }}": 'unexpected ")"',
    '{{ "abc }}': "this text is not closed",
    "{{ # }}": 'nothing begins with "#"',
    "{{ .a /* b */ }}": "a comment must fill its action",
    '{{ "a\\d" }}': "the unknown escape",
    '{{ "\\ud800" }}': "the unknown escape",
    "{{ 1e999 }}": "too large for a float",
    "{{ 12ab }}": 'nothing begins with "1"',
    "{{ $x }}": 'variable "$x" is not declared',
    "{{ $x = 1 }}": 'variable "$x" is not declared',
    "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}": 'variable "$x" is not declared',
    "{{ range $i, $v .a }}{{ end }}": "variables without :=",
    "{{ range $a.b := .a }}{{ end }}": "expected a variable",
    "{{ uper .a }}": 'no function "uper"',
    "{{ upper }}": '"upper" takes 1 argument, got 0',
    "{{ upper .a .b }}": '"upper" takes 1 argument, got 2',
    "{{ default }}": '"default" takes 1 to 2 arguments, got 0',
    "{{ printf }}": '"printf" takes at least 1 argument, got 0',
    '{{ define "x" }}{{ end }}': '"define" is not part of this language',
    "{{ eq .a ( }}": 'expected a value, found "}}"',
}


@pytest.mark.parametrize(("template", "message"), SYNTAX.items())
def test_syntax_error_shows_when_checked_without_a_scope(template, message):
    with pytest.raises(TemplateError) as caught:
        check(template)

    assert message in str(caught.value)


def test_missing_key_names_the_path_what_exists_and_the_nearest_name(rendered):
    with pytest.raises(TemplateError) as caught:
        rendered("City: {{ .tasks.fetch.output.emty }}")

    assert str(caught.value) == (
        'no "emty" in .tasks.fetch.output\n'
        "  City: {{ .tasks.fetch.output.emty }}\n"
        "                               ^"
        ' (did you mean "empty"? .tasks.fetch.output has: big, empty, list, zero)'
    )


def test_caret_points_into_the_line_of_a_longer_text(rendered):
    with pytest.raises(TemplateError) as caught:
        rendered("first\nsecond {{ .tasks.other }}\nthird")

    lines = str(caught.value).splitlines()
    assert lines[1].strip() == "second {{ .tasks.other }}"
    assert lines[1][lines[2].index("^") :].startswith("other")


def test_error_names_the_place_in_the_value(rendered):
    with pytest.raises(TemplateError) as caught:
        rendered({"with": {"items": ["fine", {"name": "{{ .nope }}"}]}})

    assert caught.value.problems[0].key == "with.items[1].name"


def test_check_reports_every_wrong_template_with_its_place():
    with pytest.raises(TemplateError) as caught:
        check({"a": "{{ uper .x }}", "b": ["{{ .fine }}", "{{ if }}"]})

    assert [problem.key for problem in caught.value.problems] == ["a", "b[1]"]


def test_check_accepts_what_only_a_scope_could_refute():
    check({"a": "{{ .tasks.unknown.output | upper }}", "b": 3, "c": None})


def test_missing_argument_of_a_plain_function_is_an_error(rendered):
    with pytest.raises(TemplateError, match='no "nope" in the scope'):
        rendered("{{ upper .nope }}")


def test_template_error_is_invalid_input():
    assert issubclass(TemplateError, InvalidError)
