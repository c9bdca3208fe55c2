"""When two records are the same, and what many of them amount to."""

import hashlib
import itertools

import pytest

from compozy.app.records import Digest, Entry, content_of, differing_fields, entry_of, has_ended
from compozy.contracts.store import Kind
from compozy.domain.executions import Failure
from compozy.domain.statuses import Status


def test_each_kind_has_a_key_of_its_own(an_execution, a_task, a_user, a_key, a_payload):
    records = [an_execution("e7"), a_task("t7"), a_user("u7"), a_key("k7"), a_payload("p7")]

    keys = [entry_of(kind, record).key for kind, record in zip(Kind, records, strict=True)]
    assert keys == ["e7", "t7", "u7", "k7", "p7"]


@pytest.mark.parametrize(
    ("one", "other"),
    list(itertools.combinations([0, 0.0, -0.0, False, None, "", "0", [], {}, 10**23, 1e23, "\0"], 2)),
)
def test_values_that_read_differently_are_different(an_execution, one, other):
    assert content_of(an_execution(output=one)) != content_of(an_execution(output=other))


def test_the_order_of_keys_is_no_difference(an_execution):
    one, other = (
        an_execution(input={"a": 1, "b": {"c": 2, "d": 3}}),
        an_execution(input={"b": {"d": 3, "c": 2}, "a": 1}),
    )

    assert content_of(one) == content_of(other)


def test_content_is_one_line_of_ascii_whatever_the_texts_hold(an_execution):
    content = content_of(an_execution("é\u2028", input={"\n": "\ud800"}, error=Failure(code="A", message="\n\x85")))

    assert content.isascii()
    assert content.splitlines() == [content]


def test_differing_fields_are_named_in_order(an_execution):
    one, other = an_execution(output=1), an_execution(at=1, output=1.0)

    assert differing_fields(one, other) == ["output", "created_at", "updated_at"]


@pytest.mark.parametrize("status", Status)
def test_executions_and_tasks_end_with_their_status(an_execution, a_task, status):
    assert has_ended(an_execution(status=status)) is status.is_terminal
    assert has_ended(a_task(status=status)) is status.is_terminal


def test_users_keys_and_payloads_do_not_end(a_user, a_key, a_payload):
    assert has_ended(a_user())
    assert has_ended(a_key())
    assert has_ended(a_payload())


def test_the_bytes_of_a_payload_are_compared_by_their_hash(a_payload):
    one, same, other = a_payload(content=b"\xff" * 10_000), a_payload(content=b"\xff" * 10_000), a_payload(content=b"")

    assert content_of(one) == content_of(same)
    assert len(content_of(one)) < 300
    assert differing_fields(one, other) == ["content"]


def test_a_seal_is_the_hash_of_the_contents_as_lines(a_user):
    digest = Digest()
    before = digest.seal
    entries = [entry_of(Kind.USERS, a_user(name)) for name in ("a", "b")]
    for entry in entries:
        digest.add(entry)

    lines = b"".join(entry.content + b"\n" for entry in entries)
    assert (digest.seal.count, digest.seal.sha256) == (2, hashlib.sha256(lines).hexdigest())
    assert (before.count, before.sha256) == (0, hashlib.sha256(b"").hexdigest())


def test_contents_do_not_run_into_each_other(a_user):
    def seal_of(*contents):
        digest = Digest()
        for content in contents:
            digest.add(Entry("", a_user(), content))
        return digest.seal.sha256

    assert seal_of(b"ab", b"c") != seal_of(b"a", b"bc")
