"""One run of a whole program, with a server, a worker and an in-memory collector of spans, seen from outside.

It is made once; the tests look at what was seen.
"""

import io
import json
import logging
import random
import textwrap

import attrs
import httpx
import pytest
import structlog
import trio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from compozy.app import Options
from compozy.app.event_log import EventLog
from compozy.app.options import load
from compozy.app.runtime import deployment_of
from compozy.app.tree import build_tree
from compozy.drivers.temporal.payloads import DATA_CONVERTER
from compozy.telemetry.logs import configure_logs
from compozy.telemetry.metrics import Metrics
from compozy.telemetry.opentelemetry_spans import OpenTelemetrySpans
from compozy.worker.workflow import ExecutionWorkflow

CLIENT_SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

FILES = {
    "compozy.yaml": """
        name: watched
        mode: standalone
        server: {port: 0}
        workflows: [{source: workflows/*.yaml}]
        runtime: {entrypoint: tools.py}
    """,
    "tools.py": """
        import logging
        import trio
        _log = logging.getLogger("project.tools")

        async def talk(input):
            await trio.lowlevel.checkpoint()
            _log.info("talks on Trio")

        def talk_on_a_thread(input):
            _log.info("talks on a thread")

        def fail(input):
            raise ValueError("it broke")
    """,
    "workflows/talk.yaml": """
        id: talk
        tools: [{id: talk}, {id: talk_on_a_thread}]
        tasks:
          - id: first
            tool: talk
            on_success: {next: second}
          - id: second
            tool: talk_on_a_thread
            timeout: 60s # declared and long: a queued activity
            on_success: {next: both}
          - id: both
            type: parallel
            tasks: [{id: left, tool: talk}, {id: right, tool: talk}]
    """,
    "workflows/broken.yaml": """
        id: broken
        tools: [{id: fail}]
        tasks: [{id: breaks, tool: fail}]
    """,
}


@attrs.frozen(kw_only=True)
class Seen:
    """What was seen of one run.

    Attributes:
        talk: Identifier of an execution that succeeded; it was asked for with ``CLIENT_SPAN``.
        broken: Of one that failed; it was asked for with no span.
        readiness: What ``/readyz`` said.
        metrics: What ``/metrics`` said after both.
        after_storm: What it said after requests for what nobody has.
        lines: Every line of the log.
        replayed: The lines that a replay of ``talk`` added.
        spans: Every span until then.
    """

    talk: str
    broken: str
    readiness: dict
    metrics: str
    after_storm: str
    lines: list[dict]
    replayed: list[dict]
    spans: tuple[ReadableSpan, ...]

    def span(self, name: str) -> ReadableSpan:
        """Return the one span of this name."""
        [found] = [span for span in self.spans if span.name == name]
        return found


@pytest.fixture(scope="session")
def seen(tmp_path_factory):
    """Run the program once and return what was seen."""
    folder = tmp_path_factory.mktemp("watched")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(level="debug", format="json", stream=stream)
    try:
        return trio.run(watch, folder, stream)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


async def watch(folder, stream):
    def lines():
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    loaded = load(Options(path=folder, environ={}))
    exporter = InMemorySpanExporter()
    tracing = OpenTelemetrySpans(SimpleSpanProcessor(exporter), version="1")
    tree = build_tree(loaded, Metrics(deployment_of(loaded)), tracing=tracing)
    async with tree.open(on_event=EventLog()) as live:
        url = live["http"].get().url
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            readiness = (await client.get("/readyz")).json()
            talk = await run(client, "talk", traceparent=CLIENT_SPAN)
            broken = await run(client, "broken")
            connection = live["temporal"].get()
            await connection.host.call(wait_ended, connection.client, talk, broken)
            spans = exporter.get_finished_spans()
            metrics = (await client.get("/metrics")).text
            await storm(client)
            after_storm = (await client.get("/metrics")).text
        before = len(lines())
        await connection.host.call(replay, connection.client, talk)
        replayed = lines()[before:]
    tracing.close()
    return Seen(
        talk=talk,
        broken=broken,
        readiness=readiness,
        metrics=metrics,
        after_storm=after_storm,
        lines=lines(),
        replayed=replayed,
        spans=spans,
    )


async def run(client, workflow_id, **headers):
    """Run a workflow to its end and return the identifier of its execution."""
    answer = await client.post(f"/api/v0/workflows/{workflow_id}/executions/sync", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["exec_id"]


async def storm(client):
    """Ask for what nobody has, each time for something else."""
    dice = random.Random(6)  # noqa: S311 - so that a failure can be repeated

    def name():
        return f"{dice.getrandbits(64):x}"

    for _ in range(25):
        await client.get(f"/api/v0/workflows/{name()}")
        await client.get(f"/api/v0/executions/workflows/{name()}?{name()}={name()}")
        await client.post(f"/api/v0/workflows/{name()}/executions", json={"input": {name(): name()}})
        await client.request(name().upper(), f"/{name()}/{name()}", headers={"traceparent": name(), name(): name()})


async def wait_ended(client, *exec_ids):
    """Wait for Temporal to know the ends, which the store knows a little earlier. Runs on the asyncio loop."""
    for exec_id in exec_ids:
        await client.get_workflow_handle(exec_id).result()


async def replay(client, exec_id):
    """Have the SDK replay an execution from its history. Runs on the asyncio loop."""
    history = await client.get_workflow_handle(exec_id).fetch_history()
    replayer = Replayer(
        workflows=[ExecutionWorkflow], data_converter=DATA_CONVERTER, workflow_runner=UnsandboxedWorkflowRunner()
    )
    await replayer.replay_workflow(history)
