"""The text of a place in a trace, and the place of an execution."""

import pytest

from compozy.domain.traces import TracePoint, execution_span_id, execution_trace_id, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(("flags", "sampled"), [("01", True), ("00", False), ("03", True), ("02", False)])
def test_a_header_is_read_and_written_again(flags, sampled):
    point = parse_traceparent(f"00-{TRACE}-{SPAN}-{flags}")

    assert point == TracePoint(TRACE, SPAN, sampled)
    assert parse_traceparent(str(point)) == point


def test_a_later_version_may_say_more_at_the_end():
    assert parse_traceparent(f"01-{TRACE}-{SPAN}-01-more") == TracePoint(TRACE, SPAN, sampled=True)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "hello",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_the_standard_refuses_is_no_place(text):
    assert parse_traceparent(text) is None


def test_identifiers_of_an_execution_are_its_own_and_always_the_same():
    assert execution_span_id("e1") == execution_span_id("e1") != execution_span_id("e2")
    assert execution_trace_id("e1") == execution_trace_id("e1") != execution_trace_id("e2")
    assert parse_traceparent(f"00-{execution_trace_id('e1')}-{execution_span_id('e1')}-01") is not None
