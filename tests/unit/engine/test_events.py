"""What was recorded together is told together."""

from datetime import UTC, datetime

import attrs
import pytest
import trio

from compozy.domain.definitions import TaskType
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.engine.events import channel_of, event_of, parse_events, publish

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def execution(exec_id, status):
    return WorkflowState(
        exec_id=exec_id, workflow_id="w", status=status, input={}, output=None, created_at=NOW, updated_at=NOW
    )


async def test_states_of_one_execution_are_one_message_in_their_order(cache):
    states = [execution("e1", Status.RUNNING), execution("e2", Status.RUNNING), execution("e1", Status.SUCCESS)]

    async with cache.pubsub.subscribe(channel_of("e1"), channel_of("e2")) as messages:
        await publish(cache.pubsub, *states)
        with trio.fail_after(5):
            first, second = [await anext(messages) for _ in range(2)]

    assert parse_events(first.payload) == [event_of(states[0]), event_of(states[2])]
    assert parse_events(second.payload) == [event_of(states[1])]


TASK = TaskState(
    task_exec_id="t1",
    task_id="t",
    type=TaskType.BASIC,
    exec_id="e1",
    workflow_id="w",
    status=Status.SUCCESS,
    input={},
    created_at=NOW,
    updated_at=NOW,
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"output": {"text": "hi"}}, None),
        ({"output": {"skipped": True}}, "skipped: its condition is false"),
        ({"status": Status.FAILED, "error": Failure(code="TOOL_FAILED", message="boom")}, "boom"),
        ({"status": Status.CANCELED, "error": Failure(code="CANCELED", message="it was canceled")}, "it was canceled"),
        ({"status": Status.FAILED, "error": Failure(code="X", message="x" * 10_000)}, "x" * 500),
    ],
)
def test_an_event_says_why_something_did_not_succeed_or_did_nothing(changes, reason):
    assert event_of(attrs.evolve(TASK, **changes)).reason == reason


def test_an_event_of_an_earlier_version_can_be_read():
    told = '[{"exec_id": "e", "workflow_id": "w", "status": "RUNNING", "at": "2026-01-01T00:00:00+00:00"}]'

    [event] = parse_events(told)
    assert (event.type, event.started_at, event.reason) == (None, None, None)
