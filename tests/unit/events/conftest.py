"""Executions over real stores in memory, and an orchestrator that notes what it is told."""

from datetime import UTC, datetime

import attrs
import pytest
import trio
from typing_extensions import override

from compozy.contracts.orchestrator import Orchestrator
from compozy.domain.definitions import (
    Project,
    TaskDefinition,
    TaskType,
    TriggerDefinition,
    TriggerType,
    WorkflowDefinition,
)
from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.sqlite import open_store
from compozy.drivers.sugardb import open_cache
from compozy.engine.executions import Executions

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@attrs.define(eq=False)
class Notebook(Orchestrator):
    """Notes what it is told.

    Attributes:
        told: What it was told, and about which execution, in order.
        unknown: The executions that it does not know.
        is_away: Whether it cannot be reached.
    """

    told: list[tuple[str, str]] = attrs.Factory(list)
    unknown: set[str] = attrs.Factory(set)
    is_away: bool = False

    async def note(self, what, exec_id):
        await trio.lowlevel.checkpoint()
        if self.is_away:
            raise UnavailableError("temporal is restarting")
        if exec_id in self.unknown:
            raise NotFoundError("temporal: workflow not found")
        self.told.append((what, exec_id))

    @override
    async def start(self, state, definition, project, *, earlier=None):
        await self.note("start", state.exec_id)

    @override
    async def signal(self, exec_id, signal):
        await self.note(f"signal {signal.name} {signal.event_id}", exec_id)

    @override
    async def cancel(self, exec_id):
        await self.note("cancel", exec_id)

    @override
    async def pause(self, exec_id):
        await self.note("pause", exec_id)

    @override
    async def resume(self, exec_id):
        await self.note("resume", exec_id)


def triggered(workflow_id: str, event: str, schema=None) -> WorkflowDefinition:
    trigger = TriggerDefinition(type=TriggerType.SIGNAL, name=event, schema=schema)
    return WorkflowDefinition(id=workflow_id, tasks=(TaskDefinition(id="only", tool="say"),), triggers=(trigger,))


@pytest.fixture
def orchestrator():
    return Notebook()


@pytest.fixture
async def executions(orchestrator):
    workflows = [
        WorkflowDefinition(id="greet", tasks=(TaskDefinition(id="only", tool="say"),)),
        triggered("bill", "paid", {"type": "object", "required": ["amount"]}),
        triggered("thank", "paid"),
    ]
    project = Project(name="shop", root="/nowhere", workflows={each.id: each for each in workflows})
    async with open_store(":memory:") as store, open_cache() as cache:
        yield Executions(
            project=project,
            store=store,
            pubsub=cache.pubsub,
            orchestrator=lambda: orchestrator,
            clock=lambda: NOON,
        )


@pytest.fixture
def record(executions):
    """Return a function that records an execution with a task that waits, if the event is given."""

    async def record(exec_id, status=Status.PAUSED, *, awaits=None, workflow_id="greet"):
        at = {"created_at": NOON, "updated_at": NOON}
        state = WorkflowState(exec_id=exec_id, workflow_id=workflow_id, status=status, input={}, **at)
        of = {"exec_id": exec_id, "workflow_id": workflow_id, "input": {}}
        task = TaskState(
            task_exec_id=f"{exec_id}-t",
            task_id="w",
            type=TaskType.WAIT,
            status=Status.WAITING,
            awaits=awaits,
            **of,
            **at,
        )

        async def write(repos):
            await repos.workflows.upsert(state)
            if awaits is not None:
                await repos.tasks.upsert_many([task])

        await executions.store.transaction(write)
        return exec_id

    return record
