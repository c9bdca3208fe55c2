"""What tools print: logged within limits, and its end kept."""

import logging

import pytest

from compozy.drivers.tools.prints import LIMITS, TAIL_BYTES, Prints


@pytest.fixture
def debug(caplog):
    caplog.set_level(logging.DEBUG, logger="compozy.drivers.tools.prints")
    return caplog


def test_lines_are_logged_with_the_tool_that_printed_them(debug):
    prints = Prints()
    prints.begin(tool="pay", task_exec_id="T")

    prints.take("stdout", b"hello \xff")

    assert debug.records[0].facts == {"stream": "stdout", "line": "hello \ufffd", "tool": "pay", "task_exec_id": "T"}


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_more_than_the_limit_is_not_logged(debug, stream):
    prints = Prints()
    line = b"x" * 2**18

    for _ in range(LIMITS[stream] // len(line) + 5):
        prints.take(stream, line)

    logged = [record for record in debug.records if record.message == "tool printed"]
    assert len(logged) == LIMITS[stream] // len(line)
    assert debug.records[-1].message == "tool prints too much; the rest is not logged"


def test_the_end_of_each_stream_is_kept_and_no_more():
    prints = Prints()

    for number in range(10_000):
        prints.take("stdout", b"line %d" % number)
    prints.take("stderr", b"x" * 3 * TAIL_BYTES)

    tails = prints.tails()
    assert tails["stdout"].endswith("line 9998\nline 9999")
    assert [len(tail) for tail in tails.values()] == [TAIL_BYTES, TAIL_BYTES]


def test_each_call_begins_with_nothing_printed():
    prints = Prints()
    prints.take("stdout", b"of the call before")

    prints.begin(tool="next")

    assert prints.tails() == {}
