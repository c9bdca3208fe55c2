"""Executions that older programs have begun go on: each history that was kept is carried out the same today.

When this fails, a change has broken executions that run: keep what they do behind ``workflow.patched``, and add
histories of the new way beside the old ones. Only before a release may they be made anew (``make histories``).
"""

import json

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from compozy.bridge import open_asyncio_host
from compozy.drivers.temporal.payloads import DATA_CONVERTER
from compozy.worker.scheduled import ScheduledWorkflow
from compozy.worker.workflow import ChunkWorkflow, ExecutionWorkflow

pytestmark = pytest.mark.slow


async def test_every_golden_history_replays(histories, subtests):
    files = sorted(histories.glob("*.json"))
    replayer = Replayer(
        workflows=[ExecutionWorkflow, ChunkWorkflow, ScheduledWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=DATA_CONVERTER,
    )
    async with open_asyncio_host("replay") as host:
        for file in files:
            with subtests.test(file.stem):
                history = json.loads(file.read_text())
                begun = history["events"][0]["workflowExecutionStartedEventAttributes"]
                recorded = WorkflowHistory.from_json(begun["workflowId"], history)
                await host.call(replayer.replay_workflow, recorded)
    assert files
