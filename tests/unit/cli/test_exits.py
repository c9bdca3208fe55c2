"""How the program ends."""

import pytest

from compozy.cli.exits import EXIT_BY_CODE, Exit, exit_of
from compozy.domain import errors
from compozy.domain.errors import (
    CompozyError,
    ConflictError,
    DuplicateError,
    InvalidError,
    NewerSchemaError,
    NotFoundError,
    ToolError,
    UnavailableError,
)


class _SpecialError(InvalidError):
    code = "SPECIAL"


class _NovelError(CompozyError):
    code = "NOVEL"


def test_every_error_of_the_tree_has_an_exit_in_the_table():
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, CompozyError)]

    assert {cls.code for cls in classes} == set(EXIT_BY_CODE)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ([InvalidError("x")], Exit.INVALID),
        ([NotFoundError("x")], Exit.INVALID),
        ([DuplicateError("x")], Exit.INVALID),
        ([UnavailableError("x")], Exit.UNAVAILABLE),
        ([ConflictError("x")], Exit.UNAVAILABLE),
        ([NewerSchemaError("x")], Exit.INVALID),
        ([ToolError("x")], Exit.FAILED),
        ([_SpecialError("x")], Exit.INVALID),
        ([_NovelError("x")], Exit.FAILED),
        ([ValueError("x")], Exit.FAILED),
        ([], Exit.FAILED),
        ([ValueError("x"), UnavailableError("x")], Exit.UNAVAILABLE),
        ([UnavailableError("x"), InvalidError("x"), ValueError("x")], Exit.INVALID),
    ],
)
def test_exit_is_the_one_whose_cure_comes_first(raised, expected):
    assert exit_of(raised) is expected


def test_exit_codes_are_the_documented_numbers():
    assert {exit_.name: exit_.value for exit_ in Exit} == {
        "SUCCESS": 0,
        "FAILED": 1,
        "INVALID": 2,
        "UNAVAILABLE": 3,
        "PENDING": 4,
        "INTERRUPTED": 130,
    }
