"""What memories keep: keys, messages, and how they are written down."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compozy.domain.definitions import MemoryDefinition
from compozy.domain.errors import TaskError
from compozy.engine.rules.remembering import (
    MAX_KEY,
    Entry,
    check_key,
    dump_entry,
    kept_of,
    messages_of,
    parse_entry,
    tokens_of,
)

ENTRIES = st.lists(st.text(min_size=1, max_size=40), max_size=12).map(
    lambda texts: [Entry("r", {"role": "user", "content": text}) for text in texts]
)
LIMITS = st.none() | st.integers(1, 20)


@pytest.mark.parametrize("key", ["ada", "user:1", "Straße 5/ü*", "x" * MAX_KEY])
def test_a_key_may_be_any_printable_text(key):
    check_key(key)


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("", "it is empty"),
        ("x" * (MAX_KEY + 1), "it has 256 characters, at most 255"),
        ("user\n1", r"it has the character '\\n'"),
        ("user\x00", r"it has the character '\\x00'"),
        ("user\u202e1", r"it has the character '\\u202e'"),
        ("user\ud800", r"it has the character '\\ud800'"),
    ],
)
def test_a_key_is_refused_rather_than_changed(key, complaint):
    with pytest.raises(TaskError, match=complaint) as caught:
        check_key(key)

    assert caught.value.error_code == "MEMORY_KEY_INVALID"


def test_the_beginning_of_keys_may_be_empty():
    check_key("", is_prefix=True)


@pytest.mark.parametrize(
    ("payload", "messages"),
    [
        ("hello", [{"role": "user", "content": "hello"}]),
        (5, [{"role": "user", "content": "5"}]),
        ({"content": "x", "role": "system", "at": 1}, [{"role": "system", "content": "x", "at": 1}]),
        ({"content": {"b": 1, "a": [2]}}, [{"role": "user", "content": '{"a":[2],"b":1}'}]),
        (
            ["a", {"role": "assistant", "content": "b"}],
            [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        ),
    ],
)
def test_a_payload_is_one_message_or_several(payload, messages):
    assert messages_of(payload) == messages


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (None, "payload has no content"),
        ("", "payload has no content"),
        ({"role": "user"}, "payload has no content"),
        ([{"content": "a"}, {"content": ""}], r"payload\[1\] has no content"),
        ({"role": "boss", "content": "a"}, "payload has the role 'boss'; allowed: system, user, assistant, tool"),
        ({"role": ["user"], "content": "a"}, r"payload has the role \['user'\]"),
        ({"content": 10**5000}, "the content of payload: the number is too long"),
        ([], "it is an empty list; use operation: clear"),
    ],
)
def test_a_payload_without_messages_is_refused(payload, complaint):
    with pytest.raises(TaskError, match=complaint) as caught:
        messages_of(payload)

    assert caught.value.error_code == "MEMORY_PAYLOAD_INVALID"


def test_an_entry_comes_back_as_it_was():
    entry = Entry("run", {"role": "user", "content": "olá", "by": {"nested": [1, None]}})

    assert parse_entry(dump_entry(entry)) == entry


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", "5", '{"by": "r"}', "[" * 100_000),
        '{"by": "r", "message": {"role": "boss", "content": "a"}}',
        '{"by": "r", "message": {"role": "user", "content": 5}}',
    ],
)
def test_what_is_no_entry_is_told(text):
    with pytest.raises(TaskError) as caught:
        parse_entry(text)

    assert caught.value.error_code == "MEMORY_DAMAGED"


@settings(max_examples=50)
@given(entries=ENTRIES, max_messages=LIMITS, max_tokens=LIMITS)
def test_as_many_of_the_newest_are_kept_as_the_limits_allow(entries, max_messages, max_tokens):
    def fits(kept):
        return (max_messages is None or len(kept) <= max_messages) and (
            max_tokens is None or tokens_of(kept) <= max_tokens
        )

    kept = kept_of(entries, MemoryDefinition(id="m", max_messages=max_messages, max_tokens=max_tokens))

    assert kept == entries[len(entries) - len(kept) :]
    assert len(kept) >= min(len(entries), 1)
    assert fits(kept) or len(kept) == 1
    assert len(kept) == len(entries) or not fits(entries[len(entries) - len(kept) - 1 :])
