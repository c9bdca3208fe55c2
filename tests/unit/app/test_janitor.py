"""Executions that ended long ago are forgotten, and nothing else ends when that fails."""

import logging
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace

import attrs
import pytest
import trio

from compozy.app.janitor import BATCH, EVERY, count_ended, forget_ended, janitor_actor
from compozy.contracts.store import Kind
from compozy.domain.errors import UnavailableError
from compozy.domain.statuses import TERMINAL, Status
from compozy.drivers.sqlite import open_store
from supervisors import Tree

DAY = timedelta(days=1)


@pytest.fixture
async def store():
    async with open_store(":memory:") as opened:
        yield opened


@pytest.fixture
def add(store):
    """Return a function that records these."""

    async def add(*records):
        await store.transaction(lambda here: here.archive.add(records))

    return add


@pytest.fixture
def left(store):
    """Return a function that gives the ids of the executions that are left."""

    async def left():
        records = await store.read(lambda here: here.archive.page(Kind.EXECUTIONS, limit=1000))
        return [record.exec_id for record in records]

    return left


async def test_only_what_ended_before_is_forgotten(store, add, left, an_execution, noon):
    await add(
        *(an_execution(status.value, status=status) for status in Status),
        an_execution("at noon", at=0),
        an_execution("later", at=0, updated_at=noon + DAY),
    )

    counted = await count_ended(store, noon + timedelta(microseconds=1))
    forgotten = await forget_ended(store, noon + timedelta(microseconds=1))

    assert counted == forgotten == len(TERMINAL) + 1
    assert await left() == sorted([*(status.value for status in Status if not status.is_terminal), "later"])


async def test_what_ended_at_that_very_moment_stays(store, add, left, an_execution, noon):
    await add(an_execution("e"))

    assert await count_ended(store, noon) == await forget_ended(store, noon) == 0
    assert await left() == ["e"]


@pytest.mark.parametrize("number", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH])
async def test_any_number_is_forgotten_in_batches(store, add, left, an_execution, noon, number):
    await add(*(an_execution(f"e{each:04}") for each in range(number)))
    before = store.statistics().transactions

    assert await count_ended(store, noon + DAY) == number
    assert await forget_ended(store, noon + DAY) == number
    assert await left() == []
    assert store.statistics().transactions - before == number // BATCH + 1


@attrs.define(eq=False)
class Ledger:
    """A store of nothing but the times at which executions ended; its first transactions fail.

    Without threads, which the mock clock would not wait for.
    """

    ended: list
    failures: int = 0
    visits: list = attrs.Factory(list)

    async def transaction(self, work):
        self.visits.append(trio.current_time())
        if len(self.visits) <= self.failures:
            raise UnavailableError("the disk is full")
        return await work(SimpleNamespace(workflows=self))

    async def delete_older(self, before, *, limit):
        old = [end for end in self.ended if end < before][:limit]
        self.ended[:] = [end for end in self.ended if end not in old]
        return len(old)


@pytest.fixture
def open_janitor(noon):
    """Return a function that opens a tree of a ledger and the janitor, a day after noon."""

    def open_janitor(ledger):
        began = trio.current_time()

        @asynccontextmanager
        async def held(_ctx):
            yield ledger

        tree = Tree("test")
        tree.add(held, name="store")
        janitor = janitor_actor(DAY, clock=lambda: noon + DAY + timedelta(seconds=trio.current_time() - began))
        tree.add(janitor, name="janitor", needs=("store",), grace=1, gives_up="ignore")
        return tree.open()

    return open_janitor


async def test_it_comes_at_the_start_and_every_hour(open_janitor, noon, autojump_clock, caplog):
    caplog.set_level(logging.INFO)
    ledger = Ledger([noon - DAY, noon + EVERY / 2, noon + EVERY * 3])

    async with open_janitor(ledger):
        await trio.sleep(EVERY.total_seconds() * 2 + 1)

    hour = EVERY.total_seconds()
    assert ledger.visits == [0, hour, 2 * hour]
    assert ledger.ended == [noon + EVERY * 3]
    told = [record.facts["count"] for record in caplog.records if record.msg == "old executions were forgotten"]
    assert told == [1, 1]


async def test_a_store_that_fails_is_left_alone_until_the_next_time(open_janitor, noon, autojump_clock, caplog):
    ledger = Ledger([noon - DAY], failures=2)

    async with open_janitor(ledger) as live:
        await trio.sleep(EVERY.total_seconds() * 2 + 1)
        status = {row.name: row for row in live.status()}

    assert ledger.ended == []
    assert (status["janitor"].ready, status["janitor"].generation) == (True, 1)
    told = [record.facts["reason"] for record in caplog.records if record.msg == "old executions are forgotten later"]
    assert told == ["the disk is full"] * 2


async def test_it_stops_at_once_when_it_is_asked_to(open_janitor, autojump_clock):
    async with open_janitor(Ledger([])):
        await trio.sleep(1)

    assert trio.current_time() == 1
