"""Where something stands in a trace, as W3C Trace Context writes it, and which place an execution has in it.

An execution's own span is told only when it has ended, by whichever worker ends it; its tasks refer to it long before,
from other workers perhaps. So its identifiers are not drawn but derived from the execution's: everybody knows them.

Source: https://www.w3.org/TR/trace-context/.
"""

import re
from hashlib import sha256
from typing import Final

import attrs
from typing_extensions import override

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 0x01


@attrs.frozen
class TracePoint:
    """A span, as those refer to it that belong under it.

    Attributes:
        trace_id: 32 hexadecimal digits, not all zero.
        span_id: 16 hexadecimal digits, not all zero.
        sampled: Whether the trace is recorded.
    """

    trace_id: str
    span_id: str
    sampled: bool

    @override
    def __str__(self) -> str:
        """Return it as the header ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def parse_traceparent(text: str | None) -> TracePoint | None:
    """Return what a header ``traceparent`` says; None when there is none, or none that can be understood.

    >>> parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").sampled
    True
    """
    found = _TRACEPARENT.fullmatch(text or "")
    if found is None or (found[0].startswith("00") and found[4]):  # only later versions may have more at the end
        return None
    if not found[1].strip("0") or not found[2].strip("0"):
        return None
    return TracePoint(found[1], found[2], bool(int(found[3], 16) & _SAMPLED))


def execution_span_id(exec_id: str) -> str:
    """Return the identifier of the span of an execution."""
    return sha256(f"span:{exec_id}".encode()).hexdigest()[:16]


def execution_trace_id(exec_id: str) -> str:
    """Return the identifier of the trace of an execution that nobody's trace led to."""
    return sha256(f"trace:{exec_id}".encode()).hexdigest()[:32]
