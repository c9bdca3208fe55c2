"""The heartbeats of a worker whose user may not write them."""

import logging
from datetime import timedelta

import attrs
import pytest
import trio

from compozy.app.presence import beating, pulse_of, read_outline
from compozy.domain.definitions import Project
from compozy.drivers.clock import utc_now

HEARTBEATS = ["dispatcher:heartbeat:w1", "dispatcher:worker:w1"]


@pytest.fixture
def restricted(server):
    """A user who may do everything, but not with the keys of workers."""
    server.ask("ACL", "SETUSER", "ada", "on", ">swordfish", "~config:*", "&*", "+@all")
    yield {"username": "ada", "password": "swordfish"}
    server.ask("ACL", "DELUSER", "ada")


@pytest.fixture
def news(caplog):
    """What is logged of the heartbeats, as it comes: the line and its facts."""
    sender, receiver = trio.open_memory_channel(100)
    handler = logging.Handler()
    handler.emit = lambda record: sender.send_nowait((record.levelname, record.msg, record.facts))
    logger = logging.getLogger("compozy.engine.heartbeats")
    caplog.set_level(logging.INFO, logger.name)
    logger.addHandler(handler)
    yield receiver
    logger.removeHandler(handler)


async def test_missing_rights_are_told_once_and_stop_no_worker(server, open_on, restricted, news):
    project = Project(name="shop", root="/nowhere")
    beats = 0
    several = trio.Event()

    def clock():
        nonlocal beats
        beats += 1
        if beats == 3:
            several.set()
        return utc_now()

    async with open_on(server, **restricted) as cache:
        pulse = attrs.evolve(pulse_of("w1", project, cache, read_outline(project)), clock=clock)
        with trio.fail_after(10):
            async with beating(pulse, every=timedelta(milliseconds=1)) as begin:
                begin()
                level, told, facts = await news.receive()
                await several.wait()
                server.ask("ACL", "SETUSER", "ada", "~dispatcher:*")
                again = await news.receive()
                written = sorted(server.ask("KEYS", "dispatcher:*"))
                server.ask("ACL", "SETUSER", "ada", "resetkeys", "~config:*")
                once_more = await news.receive()

    assert (level, told) == ("WARNING", "heartbeats are not heard")
    assert "this user has no permissions" in facts["reason"]
    assert "grant the user all commands on all keys" in facts["reason"]
    assert again[:2] == ("INFO", "heartbeats are heard again")
    assert written == HEARTBEATS
    assert once_more[1] == told
    assert sorted(server.ask("KEYS", "dispatcher:*")) == HEARTBEATS  # it could not even have itself forgotten
