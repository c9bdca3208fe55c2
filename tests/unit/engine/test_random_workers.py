"""Workers that come, beat, stop and die at random are listed as an oracle expects, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from compozy.drivers.sugardb import open_cache
from compozy.engine.config_store import ConfigStore, Outline
from compozy.engine.heartbeats import Pulse, WorkerRecord
from compozy.engine.workers import Workers

DAY_S = 24 * 3600
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OUTLINE = Outline(project="shop", workflows={})

names = st.sampled_from("abc")
pauses = st.sampled_from([1, 29, 30, 59, 89, 90, 91, 119, 120, 121, 3600, DAY_S - 1, DAY_S])
steps = st.lists(
    st.tuples(st.just("beat"), names) | st.tuples(st.just("stop"), names) | st.tuples(st.just("wait"), pauses),
    max_size=20,
)


def expected_state(age_s):
    if age_s < 90:
        return "live"
    return "late" if age_s <= 120 else "stale"


def pulse_of(name, kv):
    record = WorkerRecord(
        id=name,
        host="box",
        pid=7,
        version="1.0",
        project="shop",
        task_queue="compozy:shop",
        digest=OUTLINE.digest,
        started_at=NOON,
        at=NOON,
    )
    return Pulse(kv=kv, configs=ConfigStore(kv), worker=record, outline=OUTLINE, clock=lambda: NOON)


async def play(moves):
    """Carry the moves out, and compare after each."""
    now = 0
    last_beats = {}
    async with open_cache(clock=lambda: float(now)) as cache:
        workers = Workers(kv=cache.kv, keys=cache.keys, configs=ConfigStore(cache.kv), outline=OUTLINE)
        for verb, what in moves:
            match verb:
                case "beat":
                    await pulse_of(what, cache.kv).beat()
                    last_beats[what] = now
                case "stop":
                    await pulse_of(what, cache.kv).stop()
                    last_beats.pop(what, None)
                case "wait":
                    now += what
            ages = {name: now - then for name, then in sorted(last_beats.items()) if now - then < DAY_S}
            listing = await workers.list()

            assert [(each.record.id, each.liveness, each.age) for each in listing.workers] == [
                (name, expected_state(age), timedelta(seconds=age)) for name, age in ages.items()
            ]
            assert listing.unreadable == []


@pytest.mark.slow
@given(steps)
@settings(max_examples=60)
def test_listing_agrees_with_an_oracle_after_every_step(moves):
    trio.run(play, moves)
