"""What the server says, out of bytes that arrive in any pieces."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import exceptions as rx

from compozy.drivers.redis.replies import Replies

EXAMPLES = [
    (b"+OK\r\n", b"OK"),
    (b":-42\r\n", -42),
    (b"$3\r\na\r\n\r\n", b"a\r\n"),
    (b"$0\r\n\r\n", b""),
    (b"$-1\r\n", None),
    (b"*-1\r\n", None),
    (b"*0\r\n", []),
    (b"*2\r\n$1\r\na\r\n:1\r\n", [b"a", 1]),
    (b"*3\r\n*1\r\n*2\r\n:1\r\n:2\r\n*0\r\n$-1\r\n", [[[1, 2]], [], None]),
]


def written(value):
    """Return a value as the server writes it."""
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    return b"*%d\r\n" % len(value) + b"".join(map(written, value))


VALUES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20), lambda inner: st.lists(inner, max_size=4)
)


@pytest.mark.parametrize(("data", "value"), EXAMPLES)
def test_answer_is_read_whole_or_byte_by_byte(data, value):
    assert Replies().feed(data) == [value]

    replies = Replies()
    pieces = [replies.feed(data[place : place + 1]) for place in range(len(data))]
    assert pieces == [[]] * (len(data) - 1) + [[value]]


@given(values=st.lists(VALUES, max_size=6), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_answers_are_the_same_however_the_bytes_are_cut(values, cuts):
    data = b"".join(map(written, values))
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    replies = Replies()

    answers = []
    for begin, end in itertools.pairwise(places):
        answers += replies.feed(data[begin:end])

    assert answers == values


def test_refusal_is_an_answer_of_its_class():
    [unknown, forgotten, inside] = Replies().feed(
        b"-ERR unknown command\r\n-NOSCRIPT No matching script.\r\n*2\r\n:1\r\n-WRONGTYPE Operation\r\n"
    )

    assert type(unknown) is rx.ResponseError
    assert type(forgotten) is rx.NoScriptError
    assert inside[0] == 1
    assert isinstance(inside[1], rx.ResponseError)


def test_refusal_to_go_on_is_raised():
    with pytest.raises(rx.BusyLoadingError):
        Replies().feed(b"-LOADING Redis is loading the dataset in memory\r\n")


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"$x\r\n", b":\r\n", b"%1\r\n", b"\r\n"])
def test_what_is_not_redis_is_refused(data):
    with pytest.raises(rx.InvalidResponse, match="protocol of Redis"):
        Replies().feed(data)


def test_of_a_long_answer_only_what_is_not_read_yet_is_kept():
    data = written([b"x" * 10] * 2000)
    replies = Replies()
    for place in range(0, len(data) - 1000, 1000):
        assert replies.feed(data[place : place + 1000]) == []
        assert len(replies._buffer) < len(b"$10\r\nxxxxxxxxxx\r\n")
