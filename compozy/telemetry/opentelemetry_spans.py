"""Spans by OpenTelemetry. Imported only when traces are on; see :mod:`compozy.telemetry.tracing`."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from os import environ
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from typing_extensions import override

from compozy.domain.traces import TracePoint, execution_span_id, execution_trace_id, parse_traceparent
from compozy.telemetry.facts import facts_bound
from compozy.telemetry.logger import get_logger
from compozy.telemetry.tracing import CURRENT, Attributes, EndedExecution, Outcome, TraceSink, Tracing

_CLOSE_S: Final = 2.0
"""How long the end of the program waits for spans to be sent: a collector that is down must not hold it."""

_NS: Final = 1_000_000_000

_log = get_logger("compozy.traces")


def start(sink: TraceSink, *, version: str) -> Tracing:
    """Return what sends spans to a collector, or into the log."""
    if sink == "log":
        return OpenTelemetrySpans(SimpleSpanProcessor(_LogExporter()), version=version)
    # Here, for it brings an HTTP client that nobody else needs.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    return OpenTelemetrySpans(BatchSpanProcessor(OTLPSpanExporter()), version=version)


class OpenTelemetrySpans(Tracing):
    """Spans of one process.

    Nothing global is touched: a program around us may have tracing of its own.

    Args:
        processor: Gets each span when it has ended.
        version: Of Compozy.
        patience_s: How long closing waits for spans to be sent.
    """

    def __init__(self, processor: SpanProcessor, *, version: str, patience_s: float = _CLOSE_S) -> None:
        name = {} if _is_named() else {SERVICE_NAME: "compozy"}
        resource = Resource.create({**name, SERVICE_VERSION: version})
        self._ids = _Ids()
        # At the end of the process there may be no thread left that could send; close() is for that.
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("compozy", version)
        self._patience_s = patience_s

    @property
    @override
    def is_on(self) -> bool:
        return True

    @contextmanager
    @override
    def request(self, name: str, *, traceparent: str | None, attributes: Attributes) -> Iterator[Outcome]:
        parent = _context_of(parse_traceparent(traceparent))
        with self._span(name, parent, kind=SpanKind.SERVER, attributes=attributes) as outcome:
            yield outcome

    @contextmanager
    @override
    def task(self, name: str, *, exec_id: str, traceparent: str | None, attributes: Attributes) -> Iterator[Outcome]:
        accepted = parse_traceparent(traceparent)
        execution = TracePoint(
            trace_id=accepted.trace_id if accepted else execution_trace_id(exec_id),
            span_id=execution_span_id(exec_id),
            sampled=accepted.sampled if accepted else self._samples(execution_trace_id(exec_id)),
        )
        with self._span(name, _context_of(execution), kind=SpanKind.INTERNAL, attributes=attributes) as outcome:
            yield outcome

    @override
    def execution(self, ended: EndedExecution) -> None:
        with self._ids.fixed(execution_trace_id(ended.exec_id), execution_span_id(ended.exec_id)):
            span = self._tracer.start_span(
                f"execution {ended.workflow_id}",
                _context_of(parse_traceparent(ended.traceparent)),
                attributes={
                    "compozy.exec_id": ended.exec_id,
                    "compozy.workflow_id": ended.workflow_id,
                    "compozy.status": ended.status,
                },
                start_time=_nanoseconds(ended.began),
            )
        _tell_error(span, ended.error)
        span.end(_nanoseconds(ended.ended))

    @override
    def close(self) -> None:
        # The SDK waits up to half a minute, and offers no shorter way.
        closing = threading.Thread(target=self._provider.shutdown, name="compozy-traces-close", daemon=True)
        closing.start()
        closing.join(self._patience_s)
        if closing.is_alive():
            _log.warning("spans are lost: the collector did not take them in time", waited_s=self._patience_s)

    @contextmanager
    def _span(self, name: str, parent: Context, *, kind: SpanKind, attributes: Attributes) -> Iterator[Outcome]:
        outcome = Outcome()
        with self._tracer.start_as_current_span(
            name, parent, kind=kind, attributes=dict(attributes), record_exception=False
        ) as span:
            context = span.get_span_context()
            here = TracePoint(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)
            token = CURRENT.set(str(here))
            try:
                with facts_bound(trace_id=here.trace_id):
                    yield outcome
            finally:
                CURRENT.reset(token)
                span.set_attributes(outcome.attributes)
                _tell_error(span, outcome.error)

    def _samples(self, trace_id: str) -> bool:
        """Tell whether a trace that begins with an execution is recorded: by its identifier, so all decide alike."""
        sampling = self._provider.sampler.should_sample(None, int(trace_id, 16), "execution")
        return sampling.decision is Decision.RECORD_AND_SAMPLE


class _Ids(IdGenerator):
    """Identifiers, drawn unless they are given for the next span."""

    def __init__(self) -> None:
        self._drawn = RandomIdGenerator()
        self._given: ContextVar[tuple[int, int] | None] = ContextVar("compozy_span_ids", default=None)

    @contextmanager
    def fixed(self, trace_id: str, span_id: str) -> Iterator[None]:
        """Give these to the span that is started in the block; the first only when it has no parent."""
        token = self._given.set((int(trace_id, 16), int(span_id, 16)))
        try:
            yield
        finally:
            self._given.reset(token)

    @override
    def generate_trace_id(self) -> int:
        given = self._given.get()
        return given[0] if given else self._drawn.generate_trace_id()

    @override
    def generate_span_id(self) -> int:
        given = self._given.get()
        return given[1] if given else self._drawn.generate_span_id()


class _LogExporter(SpanExporter):
    """Writes each span as a line of the log."""

    @override
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            _log.info("span", **_facts_of(span))
        return SpanExportResult.SUCCESS


def _facts_of(span: ReadableSpan) -> dict[str, Any]:
    context, parent = span.get_span_context(), span.parent
    facts: dict[str, Any] = {"name": span.name}
    if context is not None:
        facts |= {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
    if parent is not None:
        facts["parent_id"] = f"{parent.span_id:016x}"
    if span.start_time is not None and span.end_time is not None:
        facts["seconds"] = (span.end_time - span.start_time) / _NS
    if span.status.description is not None:
        facts["error"] = span.status.description
    return {**facts, **(span.attributes or {})}


def _is_named() -> bool:
    """Tell whether the environment names the service; what we say would hold against it."""
    return bool(environ.get("OTEL_SERVICE_NAME")) or "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")


def _context_of(point: TracePoint | None) -> Context:
    """Return a context in which this span is the current one; an empty one when there is none."""
    if point is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if point.sampled else TraceFlags.DEFAULT)
    remote = SpanContext(int(point.trace_id, 16), int(point.span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _tell_error(span: Span, error: str | None) -> None:
    if error is not None:
        span.set_status(Status(StatusCode.ERROR, error))


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * _NS)
