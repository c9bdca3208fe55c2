"""What worker processes say: which of it is a reply, however it arrives."""

import json
from contextlib import nullcontext
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compozy.contracts.tools import ToolCall
from compozy.domain.json import MAX_DEPTH
from compozy.drivers.tools.protocol import (
    LONGEST_PRINT,
    LineSplitter,
    ReplyTooLargeError,
    call_facts,
    parse_reply,
    request_line,
)

TOKEN = b"@secret "


@given(
    lines=st.lists(
        st.tuples(st.booleans(), st.binary(min_size=1, max_size=20).map(lambda b: b.replace(b"\n", b"."))), max_size=8
    ),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_replies_and_prints_are_told_apart_however_they_are_cut(lines, cuts):
    text = b"".join((TOKEN if is_reply else b"") + line + b"\n" for is_reply, line in lines)
    splitter = LineSplitter(TOKEN, max_reply_bytes=100)
    replies, prints, begin = [], [], 0

    for cut in [*sorted(cuts), len(text)]:
        found = splitter.feed(text[begin:cut])
        begin = max(begin, cut)
        replies += found[0]
        prints += found[1]

    assert replies == [line for is_reply, line in lines if is_reply]
    assert prints == [line for is_reply, line in lines if not is_reply]


def test_a_line_that_lacks_the_token_is_no_reply():
    assert LineSplitter(TOKEN, max_reply_bytes=100).feed(b'{"call": 1}\n@guess {}\n') == (
        [],
        [b'{"call": 1}', b"@guess {}"],
    )


def test_a_reply_that_is_too_long_is_refused_before_it_is_whole():
    splitter = LineSplitter(TOKEN, max_reply_bytes=10)

    with pytest.raises(ReplyTooLargeError):
        splitter.feed(TOKEN + b"x" * 11)


def test_a_print_without_an_end_is_cut_and_not_kept():
    _, prints = LineSplitter(TOKEN, max_reply_bytes=10).feed(b"x" * LONGEST_PRINT)

    assert prints == [b"x" * LONGEST_PRINT]


@pytest.mark.parametrize("line", [b"", b"7", b"{", b'{"result": NaN}', b'{"a":' * 100_000])
def test_what_is_no_json_object_is_no_reply(line):
    with pytest.raises(ValueError, match=r"."):
        parse_reply(line)


@pytest.mark.parametrize(("levels", "is_reply"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_a_result_that_is_nested_too_deeply_to_be_recorded_is_no_reply(levels, is_reply):
    line = b'{"result": ' + b"[" * levels + b"]" * levels + b"}"

    with nullcontext() if is_reply else pytest.raises(ValueError, match="nested too deep"):
        assert parse_reply(line) == json.loads(line)


def test_a_request_holds_the_whole_call():
    call = ToolCall(
        tool_id="pay", tool_exec_id="T", input={"n": 1}, config={}, env={"K": "v"}, timeout=timedelta(seconds=1.5)
    )

    assert json.loads(request_line(3, call_facts(call))) == {
        "call": 3,
        "tool_id": "pay",
        "tool_exec_id": "T",
        "input": {"n": 1},
        "config": {},
        "env": {"K": "v"},
        "timeout_ms": 1500,
    }
