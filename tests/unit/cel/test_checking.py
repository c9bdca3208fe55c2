"""What is known of an expression before it is evaluated."""

import subprocess
import sys

import pytest

from compozy.templates import TemplateError
from compozy.templates.cel import VARIABLES, ExpressionError, check_expression, expression_references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input.a.b > 1", {("input", "a", "b")}),
        ('tasks["save-data"].output.v', {("tasks", "save-data", "output", "v")}),
        ("tasks.`save-data`.output", {("tasks", "save-data", "output")}),
        (".input.a", {("input", "a")}),
        ("true && .input.a", {("input", "a")}),
        ("tasks[input.key].output", {("tasks",), ("input", "key")}),
        ("tasks.a.output.items[0].id", {("tasks", "a", "output", "items")}),
        ("size(input.a) + input.b.size()", {("input", "a"), ("input", "b")}),
        ("has(input.a.b)", {("input", "a", "b")}),
        ("input.l.exists(x, x.y == item.z)", {("input", "l"), ("item", "z")}),
        ("input.l.map(x, x.l.filter(y, x.a == y)).exists(z, z == x)", {("input", "l"), ("x",)}),
        ("input.exists(input, input == 'a') && input.b", {("input",), ("input", "b")}),
        ("input.map.filter(x, true)", {("input", "map")}),
        ("input.a in ['input.b', \"input.c\", r'\\', '''input.d''']", {("input", "a")}),
        (r"""r'\' == input.a && 'it\'s' == input.b""", {("input", "a"), ("input", "b")}),
        ("input.a // && input.b\n || input.c", {("input", "a"), ("input", "c")}),
        ("{'k': input.a, 'in': true in input.b}", {("input", "a"), ("input", "b")}),
        ("math.greatest(input.a, 1) == int(1)", {("input", "a")}),
        ("type(input.a) == string", {("input", "a")}),
        (r"input['\u0061'].b", {("input",)}),
        ("1.5e3 + 0x1F", set()),
        ("", set()),
        ("{{ .tasks.a.output }}", {("tasks", "a", "output")}),
        ("input.a +", {("input", "a")}),
    ],
)
def test_the_paths_that_a_text_names_are_told(text, expected):
    assert expression_references(text) == expected


@pytest.mark.parametrize("text", ["", "  ", "true", "input.a", "input.a > 1", "has(input.a)", "input.l.exists(x, x)"])
def test_a_condition_may_come_to_a_boolean_or_nobody_knows(text):
    check_expression(text, expects="bool")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1", "an integer"),
        ("'a'", "a text"),
        ("[true]", "a list"),
        ("{'a': 1}", "an object"),
        ("size(input)", "an integer"),
        ("null", "null"),
        ("input.l.map(x, x)", "a list"),
    ],
)
def test_a_condition_that_cannot_be_true_is_refused(text, what):
    with pytest.raises(ExpressionError, match=f"the result is {what}, and a condition is true or false"):
        check_expression(text, expects="bool")


@pytest.mark.parametrize("text", ["b'a'", "type(1)", "duration('1s')", "timestamp('2026-01-01T00:00:00Z')"])
def test_a_result_that_is_no_json_is_refused(text):
    with pytest.raises(ExpressionError, match="which JSON cannot hold"):
        check_expression(text, expects="any")


def test_a_template_is_checked_as_one():
    check_expression("{{ eq .input.a 1 }}", expects="bool")

    with pytest.raises(TemplateError, match="not closed"):
        check_expression("{{ eq .input.a", expects="bool")


def test_an_empty_expression_that_should_come_to_something_is_refused():
    with pytest.raises(ExpressionError, match="empty"):
        check_expression(" ", expects="any")


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_of_the_language_may_be_named(name):
    check_expression(f"{name} == 1 && has({name}.x)", expects="bool")


def test_a_loop_name_may_be_named_where_it_is_given():
    check_expression("person.age > position", expects="bool", names=["person", "position"])

    with pytest.raises(ExpressionError, match='no variable "person"') as caught:
        check_expression("person.age > 3", expects="bool", names=["persona"])
    assert 'did you mean "persona"?' in caught.value.problems[0].hint


def test_several_problems_are_told_together():
    with pytest.raises(ExpressionError) as caught:
        check_expression("inputt.a && taskss.b", expects="bool")

    assert [problem.message.splitlines()[0] for problem in caught.value.problems] == [
        'no variable "inputt"',
        'no variable "taskss"',
    ]


def test_an_error_can_be_told_its_place():
    with pytest.raises(ExpressionError) as caught:
        check_expression("1 +", expects="any")

    assert str(caught.value.within("tasks[0].condition")).startswith(
        "tasks[0].condition: the expression ends too early"
    )


@pytest.mark.slow
def test_the_library_is_not_imported_before_an_expression_is_used():
    source = (
        "import sys, compozy.templates.cel as cel; print('cel_expr_python' in sys.modules);"
        "cel.expression_references('input.a'); print('cel_expr_python' in sys.modules);"
        "cel.check_expression('input.a', expects='any'); print('cel_expr_python' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert shown.stdout.split() == ["False", "False", "True"]
