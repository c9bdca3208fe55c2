"""What was recorded together is told together."""

from datetime import UTC, datetime

import trio

from compozy.domain.executions import WorkflowState
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
