"""Spans: who is under whom, what they say, and that off means off."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from compozy.domain.errors import InvalidError
from compozy.domain.traces import execution_span_id, execution_trace_id
from compozy.telemetry.facts import bound_facts
from compozy.telemetry.logs import configure_logs
from compozy.telemetry.opentelemetry_spans import OpenTelemetrySpans
from compozy.telemetry.tracing import OFF, EndedExecution, current_traceparent, start_tracing

CLIENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ended(traceparent, **changes):
    values = {"exec_id": "e1", "workflow_id": "greet", "status": "SUCCESS", "began": BEGAN}
    values |= {"ended": BEGAN + timedelta(seconds=2), **changes}
    return EndedExecution(traceparent=traceparent, **values)


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter):
    tracing = OpenTelemetrySpans(SimpleSpanProcessor(exporter), version="1")
    yield tracing
    tracing.close()


@pytest.fixture
def told(exporter):
    """Return a function that gives the spans so far by name."""
    return lambda: {span.name: span for span in exporter.get_finished_spans()}


def test_request_execution_and_task_are_one_trace_and_nest(spans, told):
    with spans.request("POST /x", traceparent=CLIENT, attributes={"http.request.method": "POST"}) as request:
        accepted = current_traceparent()
        request.attributes["http.response.status_code"] = 202
    with spans.task("task hello", exec_id="e1", traceparent=accepted, attributes={}):
        pass
    spans.execution(ended(accepted))

    found = told()
    request, execution, task = found["POST /x"], found["execution greet"], found["task hello"]
    assert f"{request.context.trace_id:032x}" == CLIENT.split("-")[1]
    assert f"{request.parent.span_id:016x}" == CLIENT.split("-")[2]
    assert execution.parent.span_id == request.context.span_id
    assert task.parent.span_id == execution.context.span_id
    assert len({span.context.trace_id for span in found.values()}) == 1
    assert dict(request.attributes) == {"http.request.method": "POST", "http.response.status_code": 202}


def test_span_of_an_execution_lasts_from_its_acceptance_to_its_end(spans, told):
    spans.execution(ended(None, status="FAILED", error="task 'hello': it broke"))

    span = told()["execution greet"]
    assert span.end_time - span.start_time == 2_000_000_000
    assert span.start_time == BEGAN.timestamp() * 1_000_000_000
    assert span.attributes["compozy.status"] == "FAILED"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "task 'hello': it broke")


def test_execution_that_no_request_led_to_begins_a_trace_that_its_tasks_find(spans, told):
    with spans.task("task hello", exec_id="e1", traceparent=None, attributes={}):
        pass
    spans.execution(ended(None))

    execution, task = told()["execution greet"], told()["task hello"]
    assert f"{execution.context.trace_id:032x}" == execution_trace_id("e1")
    assert f"{execution.context.span_id:016x}" == execution_span_id("e1")
    assert execution.parent is None
    assert task.parent.span_id == execution.context.span_id
    assert task.context.trace_id == execution.context.trace_id


def test_what_the_client_does_not_sample_is_not_told(spans, told):
    with spans.request("POST /x", traceparent=CLIENT[:-1] + "0", attributes={}):
        accepted = current_traceparent()
    with spans.task("task hello", exec_id="e1", traceparent=accepted, attributes={}):
        pass
    spans.execution(ended(accepted))

    assert told() == {}


def test_log_lines_within_a_span_name_the_trace(spans):
    with spans.request("POST /x", traceparent=CLIENT, attributes={}):
        inside = dict(bound_facts())

    assert inside == {"trace_id": CLIENT.split("-")[1]}
    assert dict(bound_facts()) == {}
    assert current_traceparent() is None


def test_error_that_leaves_a_span_is_told_and_goes_on(spans, told):
    with (
        pytest.raises(ValueError, match="it broke"),
        spans.task("task x", exec_id="e", traceparent=None, attributes={}),
    ):
        raise ValueError("it broke")

    assert told()["task x"].status.status_code is StatusCode.ERROR


def test_service_has_our_name_unless_the_environment_gives_one(exporter, monkeypatch):
    def name_of_service():
        tracing = OpenTelemetrySpans(SimpleSpanProcessor(exporter), version="1")
        tracing.execution(ended(None))
        return exporter.get_finished_spans()[-1].resource.attributes["service.name"]

    ours = name_of_service()
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes")
    attributes = name_of_service()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-name")
    named = name_of_service()

    assert (ours, attributes, named) == ("compozy", "from-attributes", "from-name")


def test_spans_can_go_into_the_log(stream, lines):
    configure_logs(format="json", stream=stream)
    tracing = start_tracing("log", version="1")
    tracing.execution(ended(CLIENT, error="it broke"))
    tracing.close()

    (line,) = lines()
    assert (line["logger"], line["event"], line["name"]) == ("compozy.traces", "span", "execution greet")
    assert (line["trace_id"], line["parent_id"]) == tuple(CLIENT.split("-")[1:3])
    assert (line["seconds"], line["error"], line["compozy.exec_id"]) == (2.0, "it broke", "e1")


def test_without_opentelemetry_the_setting_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.delitem(sys.modules, "compozy.telemetry.opentelemetry_spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)

    with pytest.raises(
        InvalidError, match=r"telemetry\.traces: otlp needs OpenTelemetry.*pip install 'compozy\[traces\]'"
    ):
        start_tracing("otlp", version="1")


def test_off_needs_no_opentelemetry(monkeypatch):
    monkeypatch.delitem(sys.modules, "compozy.telemetry.opentelemetry_spans")

    tracing = start_tracing("off", version="1")

    assert tracing is OFF
    assert "compozy.telemetry.opentelemetry_spans" not in sys.modules


def test_off_says_nothing_and_changes_nothing():
    with (
        OFF.request("POST /x", traceparent=CLIENT, attributes={}),
        OFF.task("t", exec_id="e", traceparent=CLIENT, attributes={}),
    ):
        inside = current_traceparent(), dict(bound_facts())
    OFF.execution(ended(CLIENT))
    OFF.close()

    assert inside == (None, {})
    assert not OFF.is_on
