"""Executions are told what to do, also those that the orchestrator does not have."""

from datetime import timedelta

import attrs
import pytest

from compozy.domain.definitions import TaskType
from compozy.domain.errors import ConflictError, NotFoundError, UnavailableError
from compozy.domain.executions import TaskState
from compozy.domain.statuses import Status
from compozy.domain.work import Signal, TaskRequest, ToolWork
from compozy.engine.performers import Performers
from compozy.engine.steering import Steering
from compozy.engine.task_runs import TaskRuns

from .conftest import NOON


@pytest.fixture
def steering(executions):
    return Steering(executions)


@pytest.mark.parametrize("what", ["cancel", "pause", "resume"])
async def test_what_is_told_reaches_the_orchestrator_and_may_be_told_again(steering, record, orchestrator, what):
    await record("e")
    for _ in range(2):
        state = await getattr(steering, what)("e")
        assert state.status is Status.PAUSED

    assert orchestrator.told == [(what, "e")] * 2


@pytest.mark.parametrize("is_away", [True, False])
async def test_an_execution_that_has_not_begun_is_canceled_at_once_and_is_not_begun_later(
    steering, record, executions, orchestrator, is_away
):
    await record("e", Status.PENDING)
    orchestrator.unknown.add("e")
    orchestrator.is_away = is_away

    state = await steering.cancel("e")

    assert (state.status, state.error.code) == (Status.CANCELED, "CANCELED")
    assert (await steering.cancel("e")).status is Status.CANCELED
    orchestrator.is_away = False
    assert await executions.resume_pending() == 0
    assert orchestrator.told == []


@pytest.mark.parametrize("what", ["cancel", "pause", "resume"])
async def test_the_worker_is_told_of_an_order_after_the_orchestrator(steering, record, executions, orchestrator, what):
    await record("e")
    async with executions.pubsub.subscribe("orders") as messages:
        await getattr(steering, what)("e")
        orchestrator.is_away = True
        with pytest.raises(UnavailableError):
            await getattr(steering, what)("e")
        await executions.pubsub.publish("orders", "last")

        assert [(await anext(messages)).payload for _ in range(2)] == [f"{what} e", "last"]


async def test_one_that_the_orchestrator_had_already_is_canceled_there_too(steering, record, orchestrator):
    await record("e", Status.PENDING)
    await steering.cancel("e")

    assert orchestrator.told == [("cancel", "e")]


async def test_no_task_is_done_for_an_execution_that_was_canceled_before_it_began(steering, record, executions):
    await record("e", Status.PENDING)
    await steering.cancel("e")
    task = TaskState(
        task_exec_id="t",
        task_id="only",
        type=TaskType.BASIC,
        exec_id="e",
        workflow_id="greet",
        status=Status.RUNNING,
        input={},
        created_at=NOON,
        updated_at=NOON,
    )
    performers = Performers(tools=None)  # nobody asks them
    runs = TaskRuns(store=executions.store, pubsub=executions.pubsub, performers=performers, clock=lambda: NOON)
    request = TaskRequest(task=task, work=ToolWork(tool_id="say", config={}), timeout=timedelta(seconds=1))

    outcome = await runs.run(request)

    assert (outcome.status, outcome.concluded) == (Status.CANCELED, Status.CANCELED)
    assert (await executions.get("e")).tasks == ()


@pytest.mark.parametrize("status", [Status.SUCCESS, Status.FAILED, Status.TIMED_OUT, Status.CANCELED])
@pytest.mark.parametrize("what", ["pause", "resume"])
async def test_nothing_is_told_to_an_execution_that_has_ended(steering, record, orchestrator, status, what):
    await record("e", status)
    with pytest.raises(ConflictError, match=f"has ended {status}, so it cannot be {what}d"):
        await getattr(steering, what)("e")

    assert orchestrator.told == []


async def test_whom_nobody_knows_is_not_found(steering):
    for tell in (steering.cancel, steering.pause, steering.resume, steering.draft_rerun):
        with pytest.raises(NotFoundError, match="no execution 'e'"):
            await tell("e")


async def test_one_that_has_not_begun_yet_is_to_be_told_later(steering, record, orchestrator):
    await record("e", Status.PENDING)
    orchestrator.unknown.add("e")

    with pytest.raises(UnavailableError, match="has not begun yet, so it cannot be paused"):
        await steering.pause("e")


async def test_one_that_the_orchestrator_has_lost_cannot_be_told_anything(steering, record, orchestrator):
    await record("e")
    orchestrator.unknown.add("e")
    signal = Signal(name="paid", payload={}, event_id="1", at=NOON)

    with pytest.raises(
        ConflictError, match="the orchestrator does not know execution e, so it cannot be told anything"
    ):
        await steering.signal("e", signal)


async def test_an_execution_can_be_run_again_while_it_runs_but_not_taken_up(steering, record, executions):
    await record("e")
    trigger = {"type": "signal", "name": "paid", "payload": {}}
    draft = executions.draft("thank", {}, exec_id="f", trigger=trigger)
    await executions.accept(attrs.evolve(draft, input={"kept": True}))

    again = await steering.draft_rerun("f")

    assert (again.input, again.trigger, again.parent_exec_id) == ({"kept": True}, trigger, "f")
    assert again.exec_id != "f"
    with pytest.raises(ConflictError, match="it can be taken up when it has ended"):
        await steering.draft_rerun("e", first_task="only")
