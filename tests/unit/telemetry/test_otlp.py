"""Spans on their way to a collector, by OpenTelemetry's own protocol and variables."""

import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from compozy.telemetry.opentelemetry_spans import OpenTelemetrySpans
from compozy.telemetry.tracing import EndedExecution, start_tracing

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ENDED = EndedExecution(exec_id="e1", workflow_id="greet", status="SUCCESS", traceparent=None, began=NOW, ended=NOW)


@contextmanager
def collector():
    """Serve the place where spans are sent to; yield its address and what has arrived."""
    arrived = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, self.headers, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", arrived
        server.shutdown()
        thread.join()


def test_spans_are_sent_by_the_end_at_the_latest_and_the_standard_variables_hold(monkeypatch):
    with collector() as (address, arrived):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=blue")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        tracing = start_tracing("otlp", version="1.2.3")
        tracing.execution(ENDED)
        tracing.close()

    [(path, headers, request)] = arrived
    [resource] = request.resource_spans
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert (path, headers["x-team"]) == ("/v1/traces", "blue")
    assert (attributes["service.name"], attributes["service.version"]) == ("compozy", "1.2.3")
    assert [span.name for scope in resource.scope_spans for span in scope.spans] == ["execution greet"]


def test_a_collector_that_does_not_answer_does_not_hold_the_end(monkeypatch, caplog):
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # it takes connections, and never reads
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        tracing = OpenTelemetrySpans(BatchSpanProcessor(OTLPSpanExporter()), version="1", patience_s=0.05)
        tracing.execution(ENDED)
        tracing.close()
        is_closing = [thread for thread in threading.enumerate() if thread.name == "compozy-traces-close"]

    assert caplog.messages[-1] == "spans are lost: the collector did not take them in time"
    for thread in is_closing:
        thread.join()  # the socket is closed, and the exporter gives up
