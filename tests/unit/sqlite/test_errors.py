"""Every error of SQLite has a meaning, or is listed as a mistake of ours."""

import sqlite3
from contextlib import closing

import pytest

from compozy.domain.errors import ConflictError, InvalidError, UnavailableError
from compozy.drivers.sqlite.errors import CALLERS_FAULT, OUR_BUGS, WAYS_OUT, translate, translated

# https://www.sqlite.org/rescode.html: the primary codes that are errors are 1 to 26; 27, 28 and above are no errors.
PRIMARY = set(range(1, 27))


def an_error(code, class_=sqlite3.OperationalError):
    error = class_("what SQLite says")
    error.sqlite_errorcode = code
    return error


def test_every_primary_code_is_mapped_or_listed_exactly_once():
    listed = [*WAYS_OUT, *CALLERS_FAULT, *OUR_BUGS]

    assert sorted(listed) == sorted(PRIMARY)


@pytest.mark.parametrize("code", sorted(WAYS_OUT))
@pytest.mark.parametrize("extended", [0, 0x100, 0x2A00])
def test_what_cannot_be_used_now_names_the_place_and_the_way_out(code, extended):
    error = an_error(code | extended)

    meaning = translate(error, "/data/x.db")

    assert type(meaning) is UnavailableError
    assert str(meaning) == f"the database /data/x.db cannot be used now: what SQLite says; {WAYS_OUT[code]}"
    assert meaning.__cause__ is error


@pytest.mark.parametrize("code", sorted(OUR_BUGS))
def test_our_bugs_stay_what_they_are(code):
    error = an_error(code)

    assert translate(error, "x") is error


def test_each_translation_is_an_error_of_its_own():
    error = an_error(sqlite3.SQLITE_BUSY)

    assert translate(error, "x") is not translate(error, "x")


PROVOKED = [
    ("INSERT INTO child VALUES (1)", (), ConflictError),
    ("INSERT INTO parent VALUES (7, '{')", (), InvalidError),
    ("INSERT INTO parent VALUES (1, NULL)", (), InvalidError),
    ("SELECT ?", ("\ud800",), InvalidError),
    ("SELECT ?", (2**63,), InvalidError),
    ("SELECT zeroblob(2000000000)", (), InvalidError),
    ("SELECT wrong syntax here", (), sqlite3.OperationalError),
    ("SELECT ?", (), sqlite3.ProgrammingError),
    ("SELECT ?", (object(),), sqlite3.Error),
]


@pytest.mark.parametrize(("statement", "parameters", "meaning"), PROVOKED)
def test_what_sqlite_really_raises_is_translated(statement, parameters, meaning):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, j TEXT CHECK (j IS NULL OR json_valid(j)))")
        connection.execute("CREATE TABLE child (parent REFERENCES parent (id))")
        if meaning is not ConflictError:
            connection.execute("INSERT INTO parent VALUES (1, NULL)")

        with pytest.raises(meaning), translated("here"):
            connection.execute(statement, parameters)


def test_errors_that_are_not_sqlites_pass_through():
    with pytest.raises(ZeroDivisionError), translated("here"):
        raise ZeroDivisionError
