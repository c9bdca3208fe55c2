"""Errors as lines on stderr."""

import errno

import pytest

from compozy.cli.complaints import leaves, lines_of, report
from compozy.cli.exits import Exit
from compozy.domain.errors import InvalidError, Problem, UnavailableError


def test_each_problem_is_one_line_with_its_place(capsys):
    problems = [
        Problem(file="compozy.yaml", line=3, key="mode", message="'x' is not a mode", hint="standalone or distributed"),
        Problem(message="no tasks"),
    ]

    exit_ = report(InvalidError(problems))

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "error: compozy.yaml:3: mode: 'x' is not a mode (standalone or distributed)",
        "error: no tasks",
    ]
    assert exit_ is Exit.INVALID


def test_groups_are_told_leaf_by_leaf_at_any_depth(capsys):
    group = ExceptionGroup("boot", [UnavailableError("no temporal"), ExceptionGroup("x", [InvalidError("bad")])])

    exit_ = report(group)

    assert capsys.readouterr().err.splitlines() == ["error: no temporal", "error: bad"]
    assert exit_ is Exit.INVALID


def test_interrupt_in_a_group_is_no_error(capsys):
    exit_ = report(BaseExceptionGroup("", [KeyboardInterrupt()]))

    assert capsys.readouterr().err == "interrupted\n"
    assert exit_ is Exit.INTERRUPTED


def test_unexpected_error_names_its_class_its_notes_and_the_way_to_the_traceback():
    error = RuntimeError("boom")
    error.add_note("actor 'http', generation 2")

    assert lines_of(error) == [
        "RuntimeError: boom",
        "actor 'http', generation 2",
        "this should not happen: `compozy --debug …` shows where it came from",
    ]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "out.json"), "out.json: Permission denied"),
    ],
)
def test_what_the_system_refuses_is_told_in_its_words(error, line):
    assert lines_of(error) == [line]


@pytest.mark.parametrize("error", [ValueError(), UnavailableError("")])
def test_error_without_text_still_says_something(error):
    assert lines_of(error)[0]


def test_leaves_of_a_plain_error_is_itself():
    error = ValueError()

    assert list(leaves(error)) == [error]
