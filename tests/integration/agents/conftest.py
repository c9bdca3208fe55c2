"""Conversations in both caches, and a program with agents that the mock model answers for."""

from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from compozy.app import Options, open_runtime
from compozy.drivers import redis, sugardb
from compozy.engine.memories import Memories
from compozy.testing.redis import open_redis_server

PROJECT = Path(__file__).with_name("project")


@pytest.fixture(scope="session")
def redis_server():
    with open_redis_server() as server:
        yield server


@asynccontextmanager
async def _open_sugardb(_request):
    async with sugardb.open_cache() as cache:
        yield cache


@asynccontextmanager
async def _open_redis(request):
    server = request.getfixturevalue("redis_server")
    server.ask("FLUSHALL")
    async with redis.open_cache(redis.Connecting(url=server.url)) as cache:
        yield cache


@pytest.fixture(params=[_open_sugardb, _open_redis], ids=["sugardb", "redis"])
async def cache(request):
    async with request.param(request) as opened:
        yield opened


@pytest.fixture
def memories(cache):
    return Memories.of(cache, "shop")


@pytest.fixture(scope="module")
def portal():
    """Where the program runs."""
    with start_blocking_portal("trio") as portal:
        yield portal


@pytest.fixture(scope="module")
def app(portal, tmp_path_factory):
    """The program."""
    folder = tmp_path_factory.mktemp("agents")
    options = Options(path=PROJECT, environ={}, flags={"state_dir": str(folder)})
    with portal.wrap_async_context_manager(open_runtime(options)) as app:
        yield app


@pytest.fixture(scope="module")
def run(app, portal):
    """Return a function that runs a workflow of the project in the program, and returns the execution."""

    def run(workflow_id, **input_):
        return portal.call(app.executions.run, workflow_id, input_)

    return run
