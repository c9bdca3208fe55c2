"""Traces for as long as a runtime is open."""

from datetime import UTC, datetime

from compozy.app.tracing import open_tracing
from compozy.config.settings import TelemetrySettings
from compozy.telemetry.tracing import OFF, EndedExecution

NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_off_is_off():
    async with open_tracing(TelemetrySettings(traces="off")) as tracing:
        assert tracing is OFF


async def test_spans_are_told_while_it_is_open(caplog):
    caplog.set_level("INFO", logger="compozy.traces")
    ended = EndedExecution(exec_id="e1", workflow_id="greet", status="SUCCESS", traceparent=None, began=NOW, ended=NOW)

    async with open_tracing(TelemetrySettings(traces="log")) as tracing:
        tracing.execution(ended)

    assert [record.facts["name"] for record in caplog.records if record.message == "span"] == ["execution greet"]
