import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.config.dotenv import parse_dotenv


def test_names_and_values_are_read():
    text = r"""
# a comment
PLAIN=value
EMPTY=
SPACED = a b   # and why
HASH=a#b
SINGLE='a # "b" \n'
DOUBLE="a \"b\"\n\t\\ \q"   # and why
URL=postgres://u:p@h/db?x=$Y
export SHELL_TOO = 'a b'
"""
    variables, problems = parse_dotenv(text.encode(), file=".env")

    assert problems == []
    assert variables == {
        "PLAIN": "value",
        "EMPTY": "",
        "SPACED": "a b",
        "HASH": "a#b",
        "SINGLE": r'a # "b" \n',
        "DOUBLE": 'a "b"\n\t\\ \\q',
        "URL": "postgres://u:p@h/db?x=$Y",
        "SHELL_TOO": "a b",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("just words", ".env:2: not NAME=value (begin a comment with #)"),
        ("lower=1", ".env:2: 'lower' is not a name (use capital letters, digits and _ only)"),
        ("export lower=1", ".env:2: 'lower' is not a name (use capital letters, digits and _ only)"),
        ("export", ".env:2: not NAME=value (begin a comment with #)"),
        ("export =1", ".env:2: 'export' is not a name (use capital letters, digits and _ only)"),
        ("=1", ".env:2: '' is not a name (use capital letters, digits and _ only)"),
        ("FIRST=2", ".env:2: FIRST: is given twice (keep one of the lines)"),
        (
            "A='secret",
            ".env:2: A: the quote is not closed, or text follows it (end the value with the quote it began with)",
        ),
        (
            'A="secret" x',
            ".env:2: A: the quote is not closed, or text follows it (end the value with the quote it began with)",
        ),
    ],
)
def test_any_other_line_is_a_problem_that_does_not_show_the_value(line, message):
    variables, problems = parse_dotenv(f"FIRST=1\n{line}\nLAST=3\n".encode(), file=".env")

    assert [str(problem) for problem in problems] == [message]
    assert variables == {"FIRST": "1", "LAST": "3"}


def test_text_that_is_not_utf8_is_a_problem():
    _, problems = parse_dotenv(b"A=1\nB=\xff\n", file=".env")

    assert [str(problem) for problem in problems] == [".env:2: not UTF-8 text (save the file as UTF-8)"]


@given(st.text())
def test_a_single_quoted_value_is_taken_as_it_is(value):
    if "'" in value or "\n" in value or "\ud800" <= max(value, default="") <= "\udfff":
        return

    assert parse_dotenv(f"A='{value}'".encode(errors="replace"), file=".env")[1] == []
