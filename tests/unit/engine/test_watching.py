"""Watching an execution: each change once, and the end in any case, whatever gets lost on the way."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from compozy.contracts.cache import Message
from compozy.domain.codec import to_json
from compozy.domain.definitions import TaskType
from compozy.domain.errors import NotFoundError, UnavailableError
from compozy.domain.executions import TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.engine.events import event_of
from compozy.engine.watching import QUIET_S, Told, follow

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAP = Message(channel="", payload="", lost=1)


def execution(status, *, at=0):
    moment = NOON + timedelta(seconds=at)
    return WorkflowState(exec_id="e1", workflow_id="greet", status=status, input={}, created_at=NOON, updated_at=moment)


def task(name, status, *, at=0):
    return TaskState(
        task_exec_id=f"run-{name}",
        task_id=name,
        type=TaskType.BASIC,
        exec_id="e1",
        workflow_id="greet",
        status=status,
        input={},
        created_at=NOON,
        updated_at=NOON + timedelta(seconds=at),
    )


def message(state, *, lost=0):
    return Message(channel="executions:e1", payload=json.dumps([to_json(event_of(state))]), lost=lost)


@attrs.define
class Watcher:
    """What somebody who watches is told, and what they could be told.

    Attributes:
        send: Sends a message to them.
        recorded: What the store has; an error is raised.
        told: Which events they got: whose, and how it stood.
        reads: How often the store was read.
        has_ended: Whether there is nothing more to come.
    """

    send: trio.MemorySendChannel
    recorded: object
    told: list = attrs.Factory(list)
    reads: int = 0
    has_ended: bool = False

    async def read(self):
        await trio.lowlevel.checkpoint()
        self.reads += 1
        if isinstance(self.recorded, Exception):
            raise self.recorded
        workflow, *tasks = self.recorded
        return workflow, tasks

    async def hear(self, *messages):
        """Send messages, and wait until they have been worked off."""
        for each in messages:
            await self.send.send(each)
        await wait_all_tasks_blocked()


@pytest.fixture
async def watching(mock_clock):
    """Return what opens a watcher of an execution about which the store says this."""

    @asynccontextmanager
    async def watching(recorded):
        send, receive = trio.open_memory_channel(100)
        watcher = Watcher(send, recorded)

        async def watch():
            async for event in follow(receive, watcher.read):
                watcher.told.append((event.task_id, event.status))
            watcher.has_ended = True

        async with trio.open_nursery() as nursery, send, receive:
            nursery.start_soon(watch)
            await wait_all_tasks_blocked()
            yield watcher
            nursery.cancel_scope.cancel()

    return watching


RUNNING, SUCCESS, FAILED = Status.RUNNING, Status.SUCCESS, Status.FAILED


async def test_changes_are_told_as_they_come_and_nothing_is_read(watching):
    async with watching(NotFoundError("there is none")) as watcher:
        states = [task("a", RUNNING), task("a", SUCCESS, at=1), execution(SUCCESS, at=2)]
        await watcher.hear(*map(message, states))

        assert watcher.told == [("a", RUNNING), ("a", SUCCESS), (None, SUCCESS)]
        assert (watcher.reads, watcher.has_ended) == (0, True)


async def test_what_is_said_again_is_told_once(watching):
    async with watching(NotFoundError("there is none")) as watcher:
        await watcher.hear(message(task("a", RUNNING)), message(task("a", RUNNING)))
        await watcher.hear(
            message(task("a", SUCCESS, at=1)), message(task("a", RUNNING)), message(task("a", SUCCESS, at=1))
        )

        assert watcher.told == [("a", RUNNING), ("a", SUCCESS)]


@pytest.mark.parametrize("lossy", [GAP, message(task("b", RUNNING, at=3), lost=2)], ids=["a gap", "a slow reader"])
async def test_after_a_loss_what_has_changed_is_told_in_its_order(watching, lossy):
    recorded = [execution(RUNNING, at=1), task("b", RUNNING, at=3), task("a", SUCCESS, at=2)]
    async with watching(recorded) as watcher:
        await watcher.hear(message(execution(RUNNING, at=1)), message(task("a", RUNNING, at=1)), lossy)

        assert watcher.told == [(None, RUNNING), ("a", RUNNING), ("a", SUCCESS), ("b", RUNNING)]
        assert watcher.reads == 1


async def test_an_end_that_fell_into_a_gap_is_told_last_and_ends_the_view(watching):
    async with watching([execution(FAILED, at=1), task("a", FAILED, at=2)]) as watcher:
        await watcher.hear(GAP)

        assert watcher.told == [("a", FAILED), (None, FAILED)]
        assert watcher.has_ended


async def test_a_store_that_is_away_at_a_gap_is_asked_again(watching, mock_clock):
    async with watching(UnavailableError("the store is away")) as watcher:
        await watcher.hear(GAP)
        watcher.recorded = [execution(SUCCESS)]
        mock_clock.jump(1)
        await wait_all_tasks_blocked()

        assert watcher.told == [(None, SUCCESS)]


async def test_a_gap_before_the_execution_exists_changes_nothing(watching):
    async with watching(NotFoundError("there is none")) as watcher:
        await watcher.hear(GAP, message(execution(SUCCESS)))

        assert watcher.told == [(None, SUCCESS)]


async def test_an_execution_that_waits_for_its_turn_is_no_change(watching):
    async with watching([execution(Status.PENDING)]) as watcher:
        await watcher.hear(GAP)

        assert (watcher.told, watcher.reads) == ([], 1)


async def test_whoever_hears_nothing_asks_the_store_after_a_while(watching, mock_clock):
    async with watching([execution(FAILED)]) as watcher:
        mock_clock.jump(QUIET_S)
        await wait_all_tasks_blocked()

        assert watcher.told == [(None, FAILED)]


async def test_a_closed_cache_ends_the_view(watching):
    async with watching([execution(RUNNING)]) as watcher:
        await watcher.send.aclose()
        await wait_all_tasks_blocked()

        assert (watcher.told, watcher.has_ended) == ([], True)


def test_an_end_is_news_also_from_a_machine_whose_clock_is_late():
    told = Told()
    told.take(event_of(task("a", RUNNING, at=10)))

    assert told.take(event_of(task("a", SUCCESS, at=1)))
    assert not told.take(event_of(task("a", FAILED, at=20)))  # whatever it is, the first end stands
