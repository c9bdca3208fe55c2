"""Calls of tools are counted by how they ended, under ids that the project knows."""

from datetime import timedelta

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from compozy.contracts.tools import ToolCall
from compozy.domain.errors import ToolError
from compozy.drivers.tools.python import PythonTools
from compozy.telemetry.metrics import Deployment, Metrics
from compozy.telemetry.tool_metrics import CountedTools


@pytest.fixture
def metrics():
    return Metrics(Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb"))


@pytest.fixture
def tools(metrics):
    async def good(input_):
        await trio.lowlevel.checkpoint()

    async def bad(input_):
        raise ValueError("bad")

    async def slow(input_):
        await trio.sleep_forever()

    return CountedTools(
        PythonTools({"good": good, "bad": bad, "slow": slow}), known=["good", "bad", "slow"], metrics=metrics
    )


@pytest.fixture
def counted(metrics):
    """Return a function that gives the counts by tool and status."""

    def counted():
        return {
            (sample.labels["tool_id"], sample.labels["status"]): sample.value
            for family in text_string_to_metric_families(metrics.render().decode())
            for sample in family.samples
            if sample.name == "compozy_tool_calls_total"
        }

    return counted


def call(tool_id, seconds=5.0):
    return ToolCall(tool_id=tool_id, tool_exec_id="t1", input={}, config={}, timeout=timedelta(seconds=seconds))


async def test_success_failure_and_lack_of_time_are_told_apart(tools, counted, autojump_clock):
    await tools.run(call("good"))
    await tools.run(call("good"))
    for tool_id in ("bad", "slow"):
        with pytest.raises(ToolError):
            await tools.run(call(tool_id))

    assert counted() == {("good", "SUCCESS"): 2, ("bad", "FAILED"): 1, ("slow", "TIMED_OUT"): 1}


async def test_a_call_that_is_cancelled_counts_as_canceled(tools, counted, autojump_clock):
    with trio.move_on_after(1):
        await tools.run(call("slow"))

    assert counted() == {("slow", "CANCELED"): 1}


async def test_tools_that_the_project_does_not_name_share_one_series(tools, counted):
    for number in range(20):
        with pytest.raises(ToolError, match="exports no tool"):
            await tools.run(call(f"invented-{number}"))

    assert counted() == {("other", "FAILED"): 20}
