"""Heartbeats of workers in every cache: what they rely on of keys, values and times to live."""

from datetime import UTC, datetime, timedelta

import pytest
import trio

from compozy.engine.config_store import ConfigStore, Outline
from compozy.engine.heartbeats import Pulse, WorkerRecord
from compozy.engine.workers import Workers

OUTLINE = Outline(project="shop", workflows={"greet": "1"})
NEWER = Outline(project="shop", workflows={"greet": "2"})


@pytest.fixture
def a_pulse(kv):
    """Return a function that makes the heartbeats of a worker which runs this version."""

    def make(worker_id, runs=OUTLINE):
        now = datetime.now(UTC)
        record = WorkerRecord(
            id=worker_id,
            host="box",
            pid=7,
            version="1.0",
            project="shop",
            task_queue="compozy:shop",
            digest=runs.digest,
            started_at=now,
            at=now,
        )
        return Pulse(kv=kv, configs=ConfigStore(kv), worker=record, outline=runs, clock=lambda: datetime.now(UTC))

    return make


@pytest.fixture
def listed(cache):
    """Return a function that lists the workers: how each stands, and in what it differs."""
    workers = Workers(kv=cache.kv, keys=cache.keys, configs=ConfigStore(cache.kv), outline=OUTLINE)

    async def listed():
        listing = await workers.list()
        assert not listing.unreadable
        return {each.record.id: (each.liveness.value, each.differing_workflows) for each in listing.workers}

    return listed


async def test_workers_are_live_then_late_then_stale_then_forgotten(a_pulse, listed, advance, scanned):
    await a_pulse("w1").beat()
    await a_pulse("w2", NEWER).beat()
    await a_pulse("gone").beat()
    await a_pulse("gone").stop()
    seen = []
    for seconds in (0, 85, 10, 30, 23 * 3600):  # real time passes too, so the edges are kept clear of
        await advance(timedelta(seconds=seconds))
        await a_pulse("w2", NEWER).beat()
        seen.append(await listed())

    assert [each["w1"] for each in seen] == [(state, []) for state in ("live", "live", "late", "stale", "stale")]
    assert [each["w2"] for each in seen] == [("live", ["greet"])] * 5
    assert all(set(each) == {"w1", "w2"} for each in seen)
    await a_pulse("w2").stop()
    await advance(timedelta(hours=24))
    assert await scanned() == []


async def test_more_workers_than_a_page_of_keys_are_listed_each_once(a_pulse, listed):
    async with trio.open_nursery() as beats:
        for number in range(120):
            beats.start_soon(a_pulse(f"w{number}").beat)

    assert len(await listed()) == 120
