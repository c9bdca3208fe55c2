"""Executions that the orchestrator has lost."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.domain.definitions import TaskType
from compozy.domain.errors import UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers import sqlite
from compozy.engine.losses import ORCHESTRATOR_LOST, fail_lost

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def store():
    async with sqlite.open_store(":memory:") as opened:
        yield opened


def an_execution(exec_id, status):
    return WorkflowState(
        exec_id=exec_id, workflow_id="greet", status=status, input={}, created_at=NOON, updated_at=NOON
    )


def a_task(exec_id, task_id, status):
    return TaskState(
        task_exec_id=f"{exec_id}-{task_id}",
        task_id=task_id,
        type=TaskType.BASIC,
        exec_id=exec_id,
        workflow_id="greet",
        status=status,
        input={},
        output="kept" if status is Status.SUCCESS else None,
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.fixture
async def recorded(store):
    """Record an execution at each status, named by it, with a task that has ended and one that has not."""
    states = {status.value: an_execution(status.value, status) for status in Status}
    tasks = {
        exec_id: [a_task(exec_id, "done", Status.SUCCESS), a_task(exec_id, "under way", Status.RUNNING)]
        for exec_id in states
    }

    async def record(repos):
        for state in states.values():
            await repos.workflows.upsert(state)
        for each in tasks.values():
            await repos.tasks.upsert_many(each)

    await store.transaction(record)
    return {exec_id: (state, tasks[exec_id]) for exec_id, state in states.items()}


@pytest.fixture
def read(store):
    """Return a function that reads an execution with its tasks."""

    async def read(exec_id):
        state, tasks = await store.read(lambda repos: repos.workflows.get_with_tasks(exec_id))
        return state, list(tasks)

    return read


def asking(*known):
    """Return an orchestrator's answers, and the list of what it was asked for."""
    asked = []

    async def knows(exec_id):
        asked.append(exec_id)
        return exec_id in known

    return knows, asked


async def test_what_had_begun_and_is_not_known_has_failed_with_its_unfinished_tasks(store, recorded, read):
    knows, asked = asking("WAITING")

    lost = await fail_lost(store, knows, lambda: LATER)

    begun = {status.value for status in Status if not status.is_terminal} - {"PENDING"}
    assert set(asked) == begun
    assert set(lost) == begun - {"WAITING"} != set()
    for exec_id in lost:
        state, [done, under_way] = await read(exec_id)
        assert (state.status, state.error.code, state.updated_at) == (Status.FAILED, ORCHESTRATOR_LOST, LATER)
        assert done == recorded[exec_id][1][0]
        assert under_way == attrs.evolve(
            recorded[exec_id][1][1], status=Status.FAILED, error=state.error, updated_at=LATER
        )
    for exec_id in set(recorded) - set(lost):
        assert await read(exec_id) == recorded[exec_id]


async def test_an_orchestrator_that_does_not_answer_loses_nothing(store, recorded, read):
    async def knows(_exec_id):
        raise UnavailableError("it does not answer")

    with pytest.raises(UnavailableError):
        await fail_lost(store, knows, lambda: LATER)

    assert {exec_id: await read(exec_id) for exec_id in recorded} == recorded


async def test_a_second_look_finds_nothing_more(store, recorded):
    knows, _ = asking()
    assert await fail_lost(store, knows, lambda: LATER)

    assert await fail_lost(store, knows, lambda: LATER) == ()


async def test_all_are_found_however_many_there_are(store):
    async def record(repos):
        for number in range(501):
            await repos.workflows.upsert(an_execution(f"{number:04}", Status.RUNNING))

    await store.transaction(record)
    knows, _ = asking("0250")

    assert len(await fail_lost(store, knows, lambda: LATER)) == 500


async def test_one_that_is_deleted_meanwhile_is_no_error(store, recorded):
    async def knows(exec_id):
        await store.transaction(lambda repos: repos.workflows.delete(exec_id))
        return False

    await fail_lost(store, knows, lambda: LATER)
