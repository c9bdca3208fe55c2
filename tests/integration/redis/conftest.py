"""Real Redis servers, and caches in them."""

import threading
from datetime import timedelta

import pytest
import trio

from compozy.drivers.redis import Connecting, open_cache
from compozy.testing.redis import open_redis_server


@pytest.fixture(scope="session")
def shared_server():
    with open_redis_server() as server:
        yield server


@pytest.fixture
def server(shared_server):
    """A server that runs and is empty. Tests must leave it running; whoever is connected is counted at the end."""
    shared_server.ask("FLUSHALL")
    yield shared_server
    assert len(shared_server.ask("CLIENT", "LIST").splitlines()) == 1  # who asks


@pytest.fixture
def own_server():
    """A server of one's own, to be killed; what was written survives that."""
    with open_redis_server(durable=True) as server:
        yield server


@pytest.fixture
def no_threads_left():
    """Prove that the test leaves no thread behind, but those of Trio, which keeps idle ones."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("Trio thread"):
            thread.join(2)  # it is on its way out
            assert not thread.is_alive()


@pytest.fixture
def open_on(no_threads_left):
    """Return a function that opens a cache in a server; it gives an async context manager."""

    def open_one(server, **settings):
        settings = {"command_timeout": timedelta(seconds=2)} | settings
        return open_cache(Connecting(url=server.url, **settings))

    return open_one


@pytest.fixture
async def cache(server, open_on):
    async with open_on(server) as cache:
        yield cache


class _Canceller(trio.abc.Instrument):
    """Cancels a scope when a task has taken so many steps from now on, and waits for something again."""

    def __init__(self, scope, steps):
        self._task = trio.lowlevel.current_task()
        self._scope = scope
        self._steps = steps

    def after_task_step(self, task):
        if task is self._task:
            self._steps -= 1
            if self._steps == 0:
                self._scope.cancel()


@pytest.fixture
def cancelled_everywhere():
    """Run a function again and again, cancelled at the first thing it waits for, the second ..., until it succeeds."""

    async def run(fn, *, between):
        steps = 0
        while True:
            with trio.CancelScope() as scope:
                if steps == 0:
                    scope.cancel()
                canceller = _Canceller(scope, steps)
                trio.lowlevel.add_instrument(canceller)
                try:
                    await fn()
                finally:
                    trio.lowlevel.remove_instrument(canceller)
            await between()
            if not scope.cancelled_caught:
                return steps
            steps += 1

    return run
