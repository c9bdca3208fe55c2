"""What each error of redis-py means to the rest of the program."""

import inspect
import ssl

import pytest
from redis import exceptions as rx
from redis.asyncio.connection import Connection

from compozy.domain.errors import CompozyError, ConflictError, InvalidError, UnavailableError
from compozy.drivers.redis.errors import MEANINGS, OUR_BUGS, REFUSALS, translate

CLASSES = [kind for _, kind in inspect.getmembers(rx, inspect.isclass) if issubclass(kind, Exception)]


def refusal(line):
    """Return what redis-py makes of a line in which the server refuses something."""
    return Connection()._get_parser().parse_error(line)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_redis_py_is_mapped_or_listed_as_our_bug(kind):
    assert (kind in MEANINGS) != (kind in OUR_BUGS)


def test_nothing_is_mapped_that_redis_py_does_not_have():
    assert {kind for kind in MEANINGS if not issubclass(kind, OSError)} | OUR_BUGS == set(CLASSES)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", ConflictError),
        ("ERR value is not an integer or out of range", ConflictError),
        ("ERR hash value is not an integer", ConflictError),
        ("ERR increment or decrement would overflow", ConflictError),
        ("OOM command not allowed when used memory > 'maxmemory'.", ConflictError),
        ("ERR Error running script (call to f_0a): @user_script:5: WRONGTYPE Operation against a key", ConflictError),
        ("ERR Error running script (call to f_0a): @user_script: 5: @user_script: 5: OOM command", ConflictError),
        ("ERR DB index is out of range", InvalidError),
        ("WRONGPASS invalid username-password pair or user is disabled.", InvalidError),
        ("NOAUTH Authentication required.", InvalidError),
        ("NOPERM this user has no permissions to run the 'get' command", InvalidError),
        ("MOVED 3999 127.0.0.1:6381", InvalidError),
        ("CROSSSLOT Keys in request don't hash to the same slot", InvalidError),
        ("LOADING Redis is loading the dataset in memory", UnavailableError),
        ("READONLY You can't write against a read only replica.", UnavailableError),
        ("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist on disk.", UnavailableError),
        ("NOREPLICAS Not enough good replicas to write.", UnavailableError),
        ("BUSY Redis is busy running a script.", UnavailableError),
        ("MASTERDOWN Link with MASTER is down", UnavailableError),
        ("ERR max number of clients reached", UnavailableError),
    ],
)
def test_refusals_mean_whose_turn_it_is(line, kind):
    meaning = translate(refusal(line), "cache.example:6379/0")

    assert type(meaning) is kind
    assert isinstance(meaning.__cause__, rx.RedisError)


def test_refusal_that_only_a_mistake_of_ours_can_cause_is_left_as_it_is():
    error = refusal("ERR unknown command 'GTE'")

    assert translate(error, "cache.example:6379/0") is error


def test_certificate_that_nobody_trusts_is_a_wrong_setting_and_not_an_outage():
    error = rx.ConnectionError("Error connecting")
    error.__context__ = ssl.SSLCertVerificationError("self-signed certificate")

    meaning = translate(error, "cache.example:6379/0")

    assert isinstance(meaning, InvalidError)
    assert meaning.problems[0].key == "ssl_ca"


@pytest.mark.parametrize("error", [OSError(111, "refused"), TimeoutError(), rx.TimeoutError("late")])
def test_server_that_cannot_be_reached_is_unavailable_and_named(error):
    with pytest.raises(UnavailableError, match=r"cache\.example:6379/0"):
        raise translate(error, "cache.example:6379/0")


def test_every_meaning_is_an_error_of_the_domain_in_one_line():
    for make in (*MEANINGS.values(), *REFUSALS.values()):
        error = make("said", "place")
        assert isinstance(error, CompozyError)
        assert "\n" not in str(error)
