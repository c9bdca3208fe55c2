"""Which containers queue even short work."""

from datetime import timedelta

import pytest

from compozy.domain.definitions import (
    CollectionDefinition,
    CollectionMode,
    TaskDefinition,
    TaskLimits,
    TaskType,
    ToolDefinition,
)
from compozy.worker.interpreter.queueing import queues_children

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
TOOLS = {"quick": ToolDefinition(id="quick"), "slow": ToolDefinition(id="slow", timeout=MINUTE)}
QUICK = TaskDefinition(id="quick", tool="quick")
SLOW = TaskDefinition(id="slow", tool="slow")
PAUSING = TaskDefinition(id="p", type=TaskType.COMPOSITE, tasks=(TaskDefinition(id="q", tool="quick", sleep=SECOND),))
WAITING = TaskDefinition(id="w", type=TaskType.WAIT)
SEQUENCE = CollectionDefinition(items=[], mode=CollectionMode.SEQUENTIAL)


def container(*tasks, type_=TaskType.PARALLEL, **rest):
    return TaskDefinition(id="all", type=type_, tasks=tasks, **rest)


@pytest.mark.parametrize(
    ("task", "queues"),
    [
        (container(QUICK, QUICK), False),
        (container(QUICK, SLOW), True),
        (container(QUICK, TaskDefinition(id="t", tool="quick", timeout=MINUTE)), True),
        (container(QUICK, TaskDefinition(id="t", tool="slow", timeout=SECOND)), False),
        (container(QUICK, TaskDefinition(id="t", tool="quick", limits=TaskLimits(schedule_to_close=SECOND))), True),
        (container(QUICK, WAITING), True),
        (container(QUICK, PAUSING), True),
        (container(QUICK, container(QUICK, timeout=SECOND)), True),
        (container(QUICK, container(container(SLOW))), True),
        (container(QUICK, timeout=SECOND), True),
        (container(QUICK, limits=TaskLimits(start_to_close=SECOND)), True),
        # One after another, nothing goes on beside the short work.
        (container(QUICK, SLOW, type_=TaskType.COMPOSITE), False),
        (container(SLOW, type_=TaskType.COLLECTION, collection=SEQUENCE), False),
        (container(SLOW, type_=TaskType.COLLECTION, collection=CollectionDefinition(items=[])), True),
        (container(QUICK, type_=TaskType.COMPOSITE, timeout=SECOND), True),
    ],
)
def test_short_work_is_queued_where_something_else_needs_the_server_meanwhile(task, queues):
    assert queues_children(task, TOOLS) is queues
