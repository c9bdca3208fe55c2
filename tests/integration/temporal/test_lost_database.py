"""A database of the Temporal server that vanished takes executions along, and that is said."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest

from compozy.app import Options
from compozy.app.options import load
from compozy.app.runtime import deployment_of
from compozy.app.temporal import asyncio_actor, dev_server_actor
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers import sqlite
from compozy.engine.losses import ORCHESTRATOR_LOST
from compozy.telemetry.metrics import Metrics
from supervisors import Tree

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def store():
    async with sqlite.open_store(":memory:") as opened:
        yield opened


@pytest.fixture
def begin(store):
    """Return a function that records an execution that is under way."""

    async def begin(exec_id):
        state = WorkflowState(
            exec_id=exec_id, workflow_id="greet", status=Status.RUNNING, input={}, created_at=NOON, updated_at=NOON
        )
        await store.transaction(lambda repos: repos.workflows.upsert(state))

    return begin


@pytest.fixture
def how(store):
    """Return a function that tells how an execution stands, and why."""

    async def how(exec_id):
        state = await store.read(lambda repos: repos.workflows.get(exec_id))
        return state.status, state.error and state.error.code

    return how


@pytest.fixture
def open_temporal(tmp_path, store):
    """Return a function that runs the server beside the store; its value is the connection."""
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\n")

    @asynccontextmanager
    async def open_(*, owns_store):
        loaded = load(Options(path=tmp_path, environ={}))
        tree = Tree("test", shutdown=20)
        tree.add(asyncio_actor, name="asyncio", grace=6)

        @tree.actor(name="store")
        @asynccontextmanager
        async def held(_ctx):
            yield store

        actor = dev_server_actor(loaded.settings.temporal, Metrics(deployment_of(loaded)), owns_store=owns_store)
        tree.add(actor, name="temporal", needs=("asyncio",), wants=("store",), grace=8, start_timeout=30)
        async with tree.open() as live:
            yield live["temporal"].get()

    return open_


@pytest.mark.slow
async def test_what_was_under_way_has_failed_once_and_only_when_the_database_is_new(open_temporal, begin, how, caplog):
    await begin("lost")
    async with open_temporal(owns_store=True) as connection:
        assert await how("lost") == (Status.FAILED, ORCHESTRATOR_LOST)
        assert "executions that had begun were lost with the one before" in caplog.text
        assert await connection.knows("lost") is False

        start = partial(connection.client.start_workflow, "any", id="kept", task_queue="nobody listens")
        await connection.host.call(start)
        assert await connection.knows("kept") is True

    await begin("strange")
    async with open_temporal(owns_store=True) as connection:
        assert await how("strange") == (Status.RUNNING, None)
        assert await connection.knows("kept") is True


@pytest.mark.slow
async def test_in_a_store_that_others_use_too_nothing_is_touched(open_temporal, begin, how):
    await begin("of somebody else")

    async with open_temporal(owns_store=False):
        assert await how("of somebody else") == (Status.RUNNING, None)
