import json
from datetime import UTC, datetime, timedelta

import pytest

from compozy.domain.codec import from_json, to_json
from compozy.domain.definitions import TaskDefinition, TaskType, ToolDefinition, Transition, WorkflowDefinition
from compozy.domain.executions import Failure, WorkflowState
from compozy.domain.statuses import Status

LEAF = TaskDefinition(id="leaf", tool="do", with_={"n": 9007199254740993}, timeout=timedelta(milliseconds=1500))
INNER = TaskDefinition(
    id="inner", type=TaskType.PARALLEL, tasks=(LEAF,), on_error=Transition(next="leaf", with_={"a": 1})
)
WORKFLOW = WorkflowDefinition(
    id="w",
    tasks=(TaskDefinition(id="outer", type=TaskType.PARALLEL, tasks=(INNER, LEAF), max_workers=1), LEAF),
    tools={"do": ToolDefinition(id="do", with_={"b": None})},
    env={"CITY": "Faro"},
)
STATE = WorkflowState(
    exec_id="e",
    workflow_id="w",
    status=Status.FAILED,
    input={},
    error=Failure(code="X", message="y"),
    created_at=datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC),
    updated_at=datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC),
)


@pytest.mark.parametrize("value", [WORKFLOW, STATE], ids=["workflow with nested tasks", "state"])
def test_a_value_comes_back_from_json_text_as_it_was(value):
    text = json.dumps(to_json(value))

    assert from_json(json.loads(text), type(value)) == value


def test_tasks_at_every_depth_say_with():
    written = to_json(WORKFLOW)["tasks"][0]["tasks"][0]["tasks"][0]

    assert written == {"id": "leaf", "tool": "do", "with": {"n": 9007199254740993}, "timeout": 1.5}
