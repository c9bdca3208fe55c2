import inspect
import socket
import ssl

import asyncpg
import pytest
from asyncpg import exceptions

from compozy.domain.errors import (
    CompozyError,
    ConflictError,
    DuplicateError,
    InvalidError,
    UnavailableError,
)
from compozy.drivers.postgres.errors import (
    AGAIN,
    MEANINGS,
    OUR_BUGS,
    RAISED,
    TransactionConflictError,
    is_conflict,
    translate,
    translated,
)

ERRORS = sorted(
    (
        each
        for _, each in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning)
    ),
    key=lambda each: each.__name__,
)
COMPLAINT = exceptions.InterfaceError


def is_our_bug(kind):
    if issubclass(kind, exceptions.PostgresError):
        return str(kind.sqlstate)[:2] in OUR_BUGS
    return kind is COMPLAINT


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_asyncpg_is_raised_as_one_we_expect(kind):
    assert issubclass(kind, RAISED)


# PostgresError is only what the others have in common: a code that asyncpg does not know makes an UnknownPostgresError.
@pytest.mark.parametrize(
    "kind", [kind for kind in ERRORS if kind is not exceptions.PostgresError], ids=lambda kind: kind.__name__
)
def test_every_error_of_asyncpg_means_something_or_is_our_bug(kind):
    error = kind("it said so")

    meaning = translate(error, "db/compozy")

    if kind in AGAIN:
        assert isinstance(meaning, TransactionConflictError)
    elif is_our_bug(kind) and str(getattr(kind, "sqlstate", "")) not in MEANINGS:
        assert meaning is error
    else:
        assert isinstance(meaning, CompozyError)
        assert meaning.__cause__ is error
        assert "db/compozy" in str(meaning)


def test_no_class_has_a_meaning_and_is_our_bug():
    assert OUR_BUGS.isdisjoint(MEANINGS)


@pytest.mark.parametrize("warning", [exceptions.PostgresWarning, exceptions.InterfaceWarning])
def test_warnings_are_not_raised(warning):
    assert not issubclass(warning, RAISED)


def server_error(code, message="it said so", **fields):
    """Return an error as asyncpg makes it of what a server says."""
    return exceptions.PostgresError.new({"C": code, "S": "ERROR", "M": message, **fields})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("23505", DuplicateError),
        ("23503", ConflictError),
        ("23502", InvalidError),
        ("22021", InvalidError),
        ("54000", InvalidError),
        ("28P01", InvalidError),
        ("3D000", InvalidError),
        ("42501", InvalidError),
        ("40001", TransactionConflictError),
        ("40P01", TransactionConflictError),
        ("53300", UnavailableError),
        ("53100", UnavailableError),
        ("57014", UnavailableError),
        ("57P01", UnavailableError),
        ("57P03", UnavailableError),
        ("25006", UnavailableError),
        ("08006", UnavailableError),
        ("XX001", UnavailableError),
        ("57P99", UnavailableError),  # not known to this asyncpg
        ("ZZ999", UnavailableError),  # a class that nobody knows
    ],
)
def test_what_a_server_says_means(code, kind):
    assert type(translate(server_error(code), "db")) is kind


@pytest.mark.parametrize("code", ["42601", "42P01", "25P02", "42883"])
def test_what_only_a_mistake_of_ours_can_cause_stays_as_it_is(code):
    error = server_error(code)

    assert translate(error, "db") is error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(111, "refused"), UnavailableError),
        (FileNotFoundError(2, "no such file"), UnavailableError),
        (socket.gaierror(-2, "name not known"), UnavailableError),
        (TimeoutError(), UnavailableError),
        (ssl.SSLCertVerificationError("self-signed"), InvalidError),
        (ssl.SSLError("wrong version"), InvalidError),
        (asyncpg.InternalClientError("cannot switch to state 12"), UnavailableError),
    ],
)
def test_what_the_way_to_the_server_says_means(error, kind):
    assert type(translate(error, "db")) is kind


def test_a_wrong_password_names_the_setting_and_not_the_password():
    [problem] = translate(server_error("28P01", 'password authentication failed for user "ada"'), "db").problems

    assert problem.key == "password"
    assert problem.hint == "check user and password"


def test_what_a_row_holds_is_not_shown():
    error = server_error("23514", "violates check", D="Failing row contains (secret).")

    assert "secret" not in str(translate(error, "db"))


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        ConnectionError("unexpected connection_lost() call"),
    ],
)
def test_a_lost_connection_is_told_in_words_that_say_so(error):
    told = str(translate(error, "db/compozy"))

    assert told.startswith("the database db/compozy cannot be used now: the connection was lost; ")
    assert str(error) not in told


def test_a_connection_that_is_refused_is_told_as_the_system_says_it():
    assert "Connection refused" in str(translate(ConnectionRefusedError(111, "Connection refused"), "db"))


def test_an_error_without_words_says_its_name():
    assert "TimeoutError" in str(translate(TimeoutError(), "db"))


def test_a_prepared_statement_that_has_grown_old_is_a_conflict():
    error = server_error("0A000", "cached plan must not change result type", R="RevalidateCachedQuery")

    assert is_conflict(error)
    assert isinstance(translate(error, "db"), TransactionConflictError)


def test_an_error_is_raised_from_its_cause():
    error = server_error("57P01")

    with pytest.raises(UnavailableError) as caught, translated("db"):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [server_error("42601"), ValueError("not asyncpg's")])
def test_what_is_not_translated_is_raised_as_it_is(error):
    with pytest.raises(type(error)) as caught, translated("db"):
        raise error
    assert caught.value is error
