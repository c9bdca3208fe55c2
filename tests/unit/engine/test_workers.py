"""The listing of workers: who is live, late or stale, and what each of them runs."""

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio

from compozy.domain.errors import UnavailableError
from compozy.engine.config_store import outline_of
from compozy.engine.heartbeats import REMEMBERED
from compozy.engine.workers import Liveness, liveness_of


@pytest.fixture
def states(workers):
    """Return a function that gives how the workers stand, by their ids, in order."""

    async def states():
        return {report.record.id: report.liveness.value for report in (await workers.list()).workers}

    return states


@pytest.mark.parametrize(
    ("age_s", "has_heartbeat", "expected"),
    [
        (0, True, Liveness.LIVE),
        (600, True, Liveness.LIVE),
        (90, False, Liveness.LATE),
        (120, False, Liveness.LATE),
        (120.000001, False, Liveness.STALE),
    ],
)
def test_a_heartbeat_is_life_and_more_than_120_seconds_without_are_not(age_s, has_heartbeat, expected):
    assert liveness_of(timedelta(seconds=age_s), has_heartbeat=has_heartbeat) is expected


async def test_a_worker_that_died_is_late_after_90_seconds_and_stale_after_120(a_pulse, states, autojump_clock):
    await a_pulse().beat()
    seen = []
    for pause in (0, 89.9, 0.1, 30, 0.1, 23 * 3600):
        await trio.sleep(pause)
        seen.append((await states())["w1"])

    assert seen == ["live", "live", "late", "late", "stale", "stale"]
    await trio.sleep(3600)
    assert await states() == {}


async def test_a_worker_that_beats_stays_live_and_one_that_stopped_is_gone(a_pulse, states, nursery, autojump_clock):
    nursery.start_soon(a_pulse("here").keep_beating)
    await a_pulse("gone").beat()
    await a_pulse("gone").stop()
    await a_pulse("dead").beat()
    await trio.sleep(1000)

    assert await states() == {"dead": "stale", "here": "live"}


async def test_a_stale_worker_that_is_heard_of_again_is_live(a_pulse, states, autojump_clock):
    await a_pulse().beat()
    await trio.sleep(500)
    assert await states() == {"w1": "stale"}
    await a_pulse().beat()

    assert await states() == {"w1": "live"}


async def test_age_is_measured_by_the_cache_whatever_the_clock_of_the_worker_says(a_pulse, workers, autojump_clock):
    ahead, behind = (datetime(year, 1, 1, tzinfo=UTC) for year in (2030, 2020))
    for name, clock in (("ahead", ahead), ("behind", behind)):
        await attrs.evolve(a_pulse(name), clock=lambda clock=clock: clock).beat()
    await trio.sleep(100)

    listing = await workers.list()
    assert [(report.liveness, report.age) for report in listing.workers] == [
        (Liveness.LATE, timedelta(seconds=100)),
        (Liveness.LATE, timedelta(seconds=100)),
    ]
    assert {report.record.at for report in listing.workers} == {ahead, behind}


async def test_age_is_never_negative(a_pulse, workers, kv):
    await a_pulse().beat()
    await kv.expire("dispatcher:worker:w1", REMEMBERED * 2)

    assert [report.age for report in (await workers.list()).workers] == [timedelta()]


async def test_workers_are_listed_in_the_order_in_which_they_started(a_pulse, states, autojump_clock):
    for name in ("b", "c", "a"):
        await a_pulse(name).beat()
        await trio.sleep(1)

    assert list(await states()) == ["b", "c", "a"]


async def test_any_number_of_workers_is_listed_each_once(a_pulse, states):
    names = [f"w{number:03}" for number in range(250)]
    for name in names:
        await a_pulse(name).beat()

    assert list(await states()) == names


async def test_a_listing_says_which_workflows_and_whether_tools_differ(a_pulse, a_project, workers, outline):
    newer = outline_of(a_project(greet="say", order="sell"), b"def say(): ...")
    other_tools = attrs.evolve(outline, tools=None)
    for name, runs in (("a", outline), ("b", newer), ("c", other_tools)):
        await a_pulse(name, runs=runs).beat()

    found = {
        report.record.id: (report.same_project, report.differing_workflows, report.same_tools)
        for report in (await workers.list()).workers
    }
    assert found == {"a": (True, [], True), "b": (False, ["order"], True), "c": (False, [], False)}


async def test_what_differs_is_unknown_when_the_outline_is_lost(a_pulse, a_project, workers, kv):
    newer = outline_of(a_project(greet="say"), None)
    await a_pulse(runs=newer).beat()
    await kv.delete(f"config:shop:{newer.digest}")

    [report] = (await workers.list()).workers
    assert (report.same_project, report.differing_workflows, report.same_tools) == (False, None, None)


async def test_workers_of_other_projects_are_not_listed(a_pulse, a_project, states):
    await a_pulse("ours").beat()
    await a_pulse("theirs", runs=outline_of(a_project("bank", greet="say"), None)).beat()

    assert await states() == {"ours": "live"}


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", "3", '{"id": "odd"}', "[" * 100_000],
    ids=["empty", "text", "list", "object", "number", "incomplete", "deep"],
)
async def test_what_cannot_be_read_is_told_and_the_others_are_listed(a_pulse, workers, kv, text):
    await a_pulse("good").beat()
    await kv.set("dispatcher:worker:odd", text, ttl=REMEMBERED)

    listing = await workers.list()
    assert [report.record.id for report in listing.workers] == ["good"]
    assert listing.unreadable == ["odd"]


@pytest.mark.parametrize(
    "changes",
    [{"id": "w2"}, {"at": "2026-11-23T12:00:00"}, {"started_at": "2026-11-23T12:00:00"}, {"pid": "x"}, {"at": "noon"}],
    ids=["of another", "naive beat", "naive start", "no number", "no instant"],
)
async def test_a_record_that_contradicts_itself_is_unreadable(a_pulse, workers, kv, changes):
    await a_pulse().beat()
    said = json.loads(await kv.get("dispatcher:worker:w1"))
    await kv.set("dispatcher:worker:w1", json.dumps(said | changes), ttl=REMEMBERED)

    listing = await workers.list()
    assert (listing.workers, listing.unreadable) == ([], ["w1"])


async def test_a_record_that_lives_for_ever_is_not_of_a_worker(a_pulse, workers, kv):
    await a_pulse().beat()
    await kv.set("dispatcher:worker:w1", await kv.get("dispatcher:worker:w1"))

    assert (await workers.list()).unreadable == ["w1"]


async def test_a_key_of_another_type_is_told_too(workers, cache):
    await cache.lists.push("dispatcher:worker:list", "x")
    await cache.kv.expire("dispatcher:worker:list", REMEMBERED)

    assert (await workers.list()).unreadable == ["list"]


async def test_what_a_later_version_says_besides_is_passed_over(a_pulse, states, kv):
    await a_pulse().beat()
    said = json.loads(await kv.get("dispatcher:worker:w1"))
    await kv.set("dispatcher:worker:w1", json.dumps(said | {"mood": "fine"}), ttl=REMEMBERED)

    assert await states() == {"w1": "live"}


async def test_a_cache_that_is_away_is_told_to_whoever_asks(a_pulse, workers, kv, away):
    await a_pulse().beat()
    kv.error = away

    with pytest.raises(UnavailableError, match="the cache is away"):
        await workers.list()


async def test_a_worker_that_goes_while_it_is_looked_at_is_not_listed(a_pulse, workers, kv):
    await a_pulse().beat()

    listing = await attrs.evolve(workers, kv=Vanishing(kv)).list()
    assert (listing.workers, listing.unreadable) == ([], [])


class Vanishing:
    """Values whose keys are deleted by others as soon as they have been read."""

    def __init__(self, kv):
        self._kv = kv

    async def get_many(self, *keys):
        values = await self._kv.get_many(*keys)
        await self._kv.delete(*keys)
        return values

    async def ttl(self, key):
        return await self._kv.ttl(key)
