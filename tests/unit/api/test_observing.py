"""What is known of a request while it is answered: log lines, spans, and the health routes without the API."""

import logging

import attrs
import pytest
import trio
import trio.testing
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from compozy.api import Health, create_app, create_health_app
from compozy.telemetry.facts import bound_facts
from compozy.telemetry.opentelemetry_spans import OpenTelemetrySpans

CLIENT_SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def facts():
    """Return the facts under which each line of ours was written, by its text."""
    found = {}

    class Handler(logging.Handler):
        def emit(self, record):
            found[record.getMessage()] = dict(bound_facts())

    handler = Handler()
    logging.getLogger("compozy").addHandler(handler)
    yield found
    logging.getLogger("compozy").removeHandler(handler)


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def traced(world, exporter):
    """Return a client of the application with traces on."""
    tracing = OpenTelemetrySpans(SimpleSpanProcessor(exporter), version="1")
    yield create_app(attrs.evolve(world.services, tracing=tracing)).test_client()
    tracing.close()


@pytest.mark.parametrize("route", ["executions", "executions/sync"])
async def test_lines_of_a_start_that_goes_wrong_name_the_execution(world, facts, route):
    class Broken:
        async def start(self, state, *_):
            raise RuntimeError(state.exec_id)

    executions = attrs.evolve(world.services.executions, orchestrator=Broken)
    client = create_app(attrs.evolve(world.services, executions=executions)).test_client()
    answer = await client.post(f"/api/v0/workflows/greet/{route}", json={})

    assert answer.status_code == 500
    [exec_id] = world.store.states
    assert facts["request failed"] == {"workflow_id": "greet", "exec_id": exec_id}


async def test_lines_of_a_stream_name_the_execution(world, facts):
    exec_id = await world.start(hold=True)
    await trio.testing.wait_all_tasks_blocked()
    world.store.answers_left = 1  # for the route, and none for the stream

    await (await world.client.get(f"/api/v0/executions/workflows/{exec_id}/events")).get_data()

    assert facts["event stream ended early"] == {"exec_id": exec_id}


async def test_a_request_has_a_span_under_that_of_the_client(traced, exporter):
    await traced.get("/api/v0/workflows/greet", headers={"traceparent": CLIENT_SPAN})

    [span] = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("GET /api/v0/workflows/<workflow_id>", SpanKind.SERVER)
    assert f"{span.context.trace_id:032x}-{span.parent.span_id:016x}" == CLIENT_SPAN[3:-3]
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/api/v0/workflows/<workflow_id>",
        "http.response.status_code": 200,
        "url.path": "/api/v0/workflows/greet",
    }


async def test_a_request_that_fails_says_so_and_one_that_is_refused_does_not(traced, exporter, world):
    world.store.down = True
    await traced.get("/api/v0/executions/workflows/absent")
    await traced.get("/api/v0/nowhere")

    failed, refused = exporter.get_finished_spans()
    assert failed.attributes["http.response.status_code"] == 503
    assert failed.status.status_code is StatusCode.ERROR
    assert refused.name == "GET"
    assert refused.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_and_prometheus_have_no_span(traced, exporter, path):
    assert (await traced.get(path)).status_code == 200
    assert exporter.get_finished_spans() == ()


async def test_a_process_without_the_api_answers_probes_and_prometheus_alone(world):
    health = Health(metrics=world.services.metrics, actors=world.services.actors, executions=world.services.executions)
    client = create_health_app(health).test_client()

    statuses = [(await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")]

    absent = await client.get("/api/v0/workflows")

    assert statuses == [200, 200, 200]
    assert absent.status_code == 404
    assert (await absent.get_json())["detail"] == "there is no route /api/v0/workflows"


async def test_metrics_count_what_has_not_ended_and_do_without_when_the_store_is_away(world):
    await world.start(hold=True)
    here = await (await world.client.get("/metrics")).get_data(as_text=True)
    world.store.down = True
    away = await world.client.get("/metrics")
    world.store.down = False
    world.theatre.curtain.set()

    assert 'status="RUNNING",store_driver="sqlite"} 1.0' in here
    assert away.status_code == 200
    assert "compozy_workflow_unfinished{" not in await away.get_data(as_text=True)
