"""The listing of workers over HTTP."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from compozy.engine.config_store import ConfigStore, outline_of
from compozy.engine.heartbeats import REMEMBERED, Pulse, WorkerRecord

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def beat(world):
    """Return a function that lets a worker beat once."""
    kv = world.services.workers.kv

    async def beat(worker_id, outline):
        record = WorkerRecord(
            id=worker_id,
            host="box",
            pid=7,
            version="1.0",
            project="tests",
            task_queue="compozy:tests",
            digest=outline.digest,
            started_at=NOON,
            at=NOON,
        )
        clock = lambda: NOON + timedelta(seconds=5)  # noqa: E731 - shorter than a function
        await Pulse(kv=kv, configs=ConfigStore(kv), worker=record, outline=outline, clock=clock).beat()

    return beat


@pytest.fixture
def listed(world):
    """Return a function that asks for the workers."""

    async def listed():
        response = await world.client.get("/api/v0/workers")
        assert response.status_code == 200
        return await response.get_json()

    return listed


async def test_without_workers_the_list_is_empty(listed):
    assert await listed() == {"workers": [], "unreadable_workers": []}


async def test_a_worker_is_shown_with_how_it_stands_and_what_it_runs(listed, beat, world):
    await beat("box-7-abc", world.services.workers.outline)

    [worker] = (await listed())["workers"]
    assert 0 <= worker.pop("age_s") < 5
    assert worker == {
        "id": "box-7-abc",
        "host": "box",
        "pid": 7,
        "state": "live",
        "version": "1.0",
        "started_at": "2026-11-23T12:00:00.000000Z",
        "last_beat_at": "2026-11-23T12:00:05.000000Z",
        "same_project": True,
        "differing_workflows": [],
        "same_tools": True,
    }


async def test_a_worker_of_another_version_is_shown_with_what_differs(listed, beat, world, project):
    greet = attrs.evolve(project.workflows["greet"], description="says hello to you")
    newer = attrs.evolve(project, workflows=project.workflows | {"greet": greet})
    await beat("newer", outline_of(newer, b"other tools"))
    lost = outline_of(attrs.evolve(project, workflows={}), None)
    await beat("unknown", lost)
    await world.services.workers.kv.delete(f"config:tests:{lost.digest}")

    found = {
        worker["id"]: (worker["same_project"], worker["differing_workflows"], worker["same_tools"])
        for worker in (await listed())["workers"]
    }
    assert found == {"newer": (False, ["greet"], False), "unknown": (False, None, None)}


async def test_what_cannot_be_read_is_named(listed, world):
    await world.services.workers.kv.set("dispatcher:worker:odd", "?", ttl=REMEMBERED)

    assert await listed() == {"workers": [], "unreadable_workers": ["odd"]}
