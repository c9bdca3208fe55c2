"""Domain values survive the way into Temporal's histories and back."""

import json
from datetime import UTC, datetime, timedelta

import attrs
from temporalio.api.common.v1 import Payload
from temporalio.converter import JSONPlainPayloadConverter

from compozy.domain.definitions import TaskDefinition, TaskType, ToolDefinition, Transition, WorkflowDefinition
from compozy.domain.executions import Failure, TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import ExecutionRequest, TaskOutcome, TaskRequest, ToolWork
from compozy.drivers.temporal.payloads import PayloadConverter

NOW = datetime(2026, 11, 23, 8, 0, 0, 123456, UTC)
BIG = 2**70


def round_trip(value):
    converter = PayloadConverter()
    [payload] = converter.to_payloads([value])
    assert isinstance(payload, Payload)
    [back] = converter.from_payloads([payload], [type(value)])
    return back


def test_an_execution_request_comes_back_equal():
    child = TaskDefinition(id="child", tool="t", timeout=timedelta(seconds=1.5))
    first = TaskDefinition(id="a", tool="t", with_={"x": BIG}, on_success=Transition(next="b", with_={"y": "é\x00"}))
    second = TaskDefinition(id="b", type=TaskType.PARALLEL, tasks=(child,), max_workers=2, outputs={})
    definition = WorkflowDefinition(
        id="w", tasks=(first, second), tools={"t": ToolDefinition(id="t", with_={"z": None})}, env={"KEY": "v"}
    )
    request = ExecutionRequest(
        exec_id="E", definition=definition, input={"deep": [{"n": 0.1}]}, project={"name": "p"}, accepted_at=NOW
    )

    assert round_trip(request) == request


def test_requests_and_outcomes_of_tasks_come_back_equal():
    state = TaskState(
        task_exec_id="T",
        task_id="a",
        type=TaskType.BASIC,
        exec_id="E",
        workflow_id="w",
        status=Status.RUNNING,
        input={"n": BIG},
        created_at=NOW,
        updated_at=NOW,
    )
    request = TaskRequest(
        task=state, work=ToolWork(tool_id="t", config={}), timeout=timedelta(minutes=1), earlier=(state,)
    )
    outcome = TaskOutcome(status=Status.FAILED, error=Failure(code="X", message="no", details={"a": [1]}))

    assert round_trip(request) == request
    assert round_trip(outcome) == outcome


def test_a_history_of_a_later_version_with_more_fields_can_still_be_read():
    @attrs.frozen(kw_only=True)
    class Later(TaskOutcome):
        invented: str = "later"

    converter = PayloadConverter()
    payloads = converter.to_payloads([Later(status=Status.SUCCESS, output={"a": 1})])

    assert converter.from_payloads(payloads, [TaskOutcome]) == [TaskOutcome(status=Status.SUCCESS, output={"a": 1})]


def test_the_keys_of_objects_stay_in_the_order_in_which_they_were_given():
    outcome = round_trip(TaskOutcome(status=Status.SUCCESS, output={"b": 1, "a": {"z": 2, "k": 3}}))

    assert json.dumps(outcome.output) == '{"b": 1, "a": {"z": 2, "k": 3}}'


def test_but_for_the_order_payloads_are_those_of_the_sdk():
    payload = JSONPlainPayloadConverter().to_payload({"b": 1, "a": [None, "é", 0.1]})
    [ours] = PayloadConverter().to_payloads([{"a": [None, "é", 0.1], "b": 1}])

    assert payload == ours
