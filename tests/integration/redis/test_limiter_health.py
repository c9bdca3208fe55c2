"""A limiter that counts in Redis beside an embedded cache: its own health check notices when the server is away."""

from datetime import timedelta

import attrs
import pytest
import trio

from compozy.app import Options
from compozy.app.backends import limiter_actor
from compozy.app.options import load
from compozy.app.temporal import asyncio_actor
from compozy.domain.errors import UnavailableError
from supervisors import State, Tree

MINUTE = timedelta(minutes=1)


@pytest.fixture
def limiting(own_server, tmp_path, no_threads_left):
    """A tree of the limiter and what it needs, whose health is asked for more often than it would be."""
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")
    loaded = load(Options(path=tmp_path, environ={"REDIS_URL": own_server.url, "RATELIMIT_BACKEND": "redis"}))
    actor = limiter_actor(loaded.settings)
    tree = Tree("test", shutdown=10)
    tree.add(asyncio_actor, name="asyncio", grace=6)
    check = attrs.evolve(actor.check, every=0.02)
    tree.add(actor.function, name="limiter", needs=actor.needs, grace=actor.grace, check=check)
    return tree


async def test_a_server_that_goes_away_degrades_the_limiter_and_restarts_nothing(limiting, own_server):
    sender, states = trio.open_memory_channel(1000)

    def note(event):
        if event.name == "limiter":
            sender.send_nowait(event.to_state)

    async def reaches(wanted):
        with trio.fail_after(10):
            while await states.receive() is not wanted:
                pass

    async with limiting.open(on_event=note) as live:
        limiter = live["limiter"].get()
        await reaches(State.READY)
        allowed = await limiter.hit("key", 2, MINUTE)
        own_server.kill()
        await reaches(State.DEGRADED)
        with pytest.raises(UnavailableError):
            await limiter.hit("key", 2, MINUTE)
        status = live["limiter"].status()
        await trio.to_thread.run_sync(own_server.start)
        await reaches(State.READY)
        decisions = [await live["limiter"].get().hit("key", 2, MINUTE) for _ in range(2)]

        assert allowed.allowed
        assert status.reason.detail.startswith("UnavailableError: redis at ")
        assert [decision.allowed for decision in decisions] == [True, False]  # the count was kept
        assert live["limiter"].status().generation == 1
