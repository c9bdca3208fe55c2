"""A worker says that it is there as long as it is, and a cache that does not listen does not stop it."""

import json
import logging
from datetime import timedelta
from functools import partial

import pytest
import trio

from compozy.domain.errors import ConflictError, InvalidError, UnavailableError

BOTH = ["dispatcher:heartbeat:w1", "dispatcher:worker:w1"]


@pytest.fixture
def beating(nursery):
    """Return a function that lets a heart beat every 30 s until the test ends."""
    return lambda pulse: nursery.start_soon(pulse.keep_beating)


@pytest.fixture
def told(caplog):
    """Return a function that gives what was logged, and why."""
    caplog.set_level(logging.DEBUG)
    return lambda: [(record.msg, record.facts.get("reason")) for record in caplog.records]


async def test_a_beat_says_who_it_is_and_what_it_runs(a_pulse, kv, outline, autojump_clock):
    await a_pulse("box-7-abc").beat()

    assert json.loads(await kv.get("dispatcher:heartbeat:box-7-abc")) == {
        "id": "box-7-abc",
        "host": "box",
        "pid": 7,
        "version": "1.0",
        "project": "shop",
        "task_queue": "compozy:shop",
        "digest": outline.digest,
        "started_at": "2026-11-23T12:00:00+00:00",
        "at": "2026-11-23T12:00:00+00:00",
    }


async def test_a_heart_beats_at_once_and_every_30_seconds(a_pulse, kv, beating, autojump_clock):
    beating(a_pulse())
    heard = []
    for _ in range(3):
        await trio.sleep(29)
        heard.append(json.loads(await kv.get(BOTH[0]))["at"][11:19])
        await trio.sleep(1)

    assert heard == ["12:00:00", "12:00:30", "12:01:00"]


async def test_a_beat_is_heard_for_90_seconds_and_remembered_for_a_day(a_pulse, keys_of, autojump_clock):
    await a_pulse().beat()

    await trio.sleep(89.9)
    assert await keys_of("dispatcher:*") == BOTH
    await trio.sleep(0.1)
    assert await keys_of("dispatcher:*") == BOTH[1:]
    await trio.sleep(24 * 3600 - 90.1)
    assert await keys_of("dispatcher:*") == BOTH[1:]
    await trio.sleep(0.1)
    assert await keys_of() == []


async def test_its_outline_is_kept_as_long_as_it_beats(a_pulse, keys_of, outline, nursery, autojump_clock):
    nursery.start_soon(partial(a_pulse().keep_beating, every=timedelta(hours=6)))
    await trio.sleep(3 * 24 * 3600)

    assert await keys_of("config:*") == [f"config:shop:{outline.digest}"]


async def test_who_stops_is_forgotten_and_others_are_not(a_pulse, keys_of):
    await a_pulse("w1").beat()
    await a_pulse("w2").beat()
    await a_pulse("w1").stop()

    assert await keys_of("dispatcher:*") == ["dispatcher:heartbeat:w2", "dispatcher:worker:w2"]


async def test_outage_is_told_when_it_begins_and_ends_and_the_next_beat_is_heard(
    a_pulse, kv, keys_of, away, beating, told, autojump_clock
):
    kv.error = away
    beating(a_pulse())
    await trio.sleep(100)
    kv.error = None
    await trio.sleep(100)
    kv.error = ConflictError("the cache is full")
    await trio.sleep(50)
    kv.error = None
    await trio.sleep(30)
    kv.error = InvalidError("no right to write")
    await trio.sleep(50)

    assert await keys_of("dispatcher:*") == BOTH
    assert told() == [
        ("heartbeats are not heard", "the cache is away"),
        ("heartbeats are heard again", None),
        ("heartbeats are not heard", "the cache is full"),
        ("heartbeats are heard again", None),
        ("heartbeats are not heard", "no right to write"),
    ]


async def test_it_goes_on_trying_at_the_usual_pace(a_pulse, kv, away, beating, autojump_clock):
    kv.error = away
    beating(a_pulse())
    await trio.sleep(10 * 30 - 1)

    assert kv.calls == 10


async def test_error_that_is_no_outage_is_not_hidden(a_pulse, kv):
    kv.error = RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await a_pulse().keep_beating()


@pytest.mark.parametrize("kind", [UnavailableError, InvalidError])
async def test_stopping_while_the_cache_does_not_listen_is_no_error(a_pulse, kv, kind, told):
    kv.error = kind("not now")
    await a_pulse().stop()

    assert told() == [("a worker that has stopped is remembered", "not now")]
