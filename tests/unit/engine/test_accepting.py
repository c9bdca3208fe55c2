"""Accepting an execution: whole, whoever cancels it, and not for ever."""

from datetime import UTC, datetime

import pytest
import trio
from typing_extensions import override

from compozy.contracts.store import Store, StoreStatistics
from compozy.domain.errors import UnavailableError
from compozy.drivers.sugardb import open_cache
from compozy.engine.executions import ACCEPT_S, Executions


class Hanging(Store):
    """Answers only when it is let go."""

    def __init__(self):
        self.gate = trio.Event()
        self.ended = 0

    @override
    async def transaction(self, work):
        await self.gate.wait()
        self.ended += 1

    @override
    async def read(self, work):
        await self.gate.wait()

    @override
    async def ping(self):
        await self.gate.wait()

    @override
    def statistics(self):
        return StoreStatistics(driver="sqlite", transactions=0, rollbacks=0, reads=0, waiting=0)


class Eager:
    """Takes everything; of an orchestrator it has what accepting asks for."""

    def __init__(self):
        self.taken = []

    async def start(self, state, *_args, **_options):
        self.taken.append(state.exec_id)


@pytest.fixture
def store():
    return Hanging()


@pytest.fixture
def orchestrator():
    return Eager()


@pytest.fixture
async def executions(a_project, store, orchestrator):
    async with open_cache() as cache:
        yield Executions(
            project=a_project(greet="say"),
            store=store,
            pubsub=cache.pubsub,
            orchestrator=lambda: orchestrator,
            clock=lambda: datetime(2026, 11, 23, tzinfo=UTC),
        )


@pytest.fixture(params=["accept", "accept_once"])
def accept(request, executions):
    """Return both ways to accept an execution, one after the other."""
    return getattr(executions, request.param)


async def test_a_store_that_does_not_answer_is_waited_for_so_long_and_no_longer(
    accept, executions, orchestrator, autojump_clock
):
    draft = executions.draft("greet", {})
    with pytest.raises(
        UnavailableError, match=f"30 seconds, so execution {draft.exec_id} either is recorded and will run"
    ):
        await accept(draft)

    assert trio.current_time() == ACCEPT_S
    assert orchestrator.taken == []


async def test_a_caller_that_is_cancelled_meanwhile_does_not_cut_it_in_two(accept, executions, store, orchestrator):
    draft = executions.draft("greet", {})
    async with trio.open_nursery() as callers:
        callers.start_soon(accept, draft)
        await trio.testing.wait_all_tasks_blocked()
        callers.cancel_scope.cancel()
        await trio.lowlevel.cancel_shielded_checkpoint()
        store.gate.set()

    assert store.ended == 1
    assert orchestrator.taken == [draft.exec_id]
