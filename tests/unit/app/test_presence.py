"""The worker's heart: it beats while there is work to ask for, and how it ends tells what happened."""

import os
import socket
from datetime import timedelta

import pytest
import trio

from compozy.app.presence import beating, new_worker_id, pulse_of, read_outline, workers_over
from compozy.domain.definitions import Project, RuntimeDefinition, TaskDefinition, WorkflowDefinition
from compozy.drivers.sugardb import open_cache

LIVE = ["dispatcher:heartbeat:w1", "dispatcher:worker:w1"]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "tools.py").write_text("def say(): ...\n")
    greet = WorkflowDefinition(id="greet", tasks=(TaskDefinition(id="say", tool="say"),))
    runtime = RuntimeDefinition(entrypoint="tools.py")
    return Project(name="shop", root=str(tmp_path), runtime=runtime, workflows={"greet": greet})


@pytest.fixture
async def cache():
    async with open_cache() as opened:
        yield opened


@pytest.fixture
def pulse(project, cache):
    return pulse_of("w1", project, cache, read_outline(project))


@pytest.fixture
def signs(cache):
    """Return a function that gives the keys of workers that are there, in order."""

    async def signs():
        return sorted([key async for page in cache.keys.scan("dispatcher:*") for key in page])

    return signs


async def test_it_beats_from_when_the_worker_asks_for_work_until_it_has_stopped(pulse, signs, autojump_clock):
    async with beating(pulse) as begin:
        await trio.sleep(100)
        before = await signs()
        begin()
        await trio.sleep(100)
        during = await signs()

    assert (before, during, await signs()) == ([], LIVE, [])


async def test_a_worker_that_is_cancelled_is_forgotten(pulse, signs, autojump_clock):
    with trio.move_on_after(1):
        async with beating(pulse) as begin:
            begin()
            await trio.sleep_forever()

    assert await signs() == []


async def test_a_worker_that_fails_stays_remembered_and_its_error_is_its_own(pulse, signs, autojump_clock):
    async def work():
        async with beating(pulse) as begin:
            begin()
            await trio.sleep(1)
            raise ConnectionError("temporal is gone")

    with pytest.raises(ConnectionError, match="temporal is gone"):
        await work()

    assert await signs() == LIVE
    await trio.sleep(100)
    assert await signs() == LIVE[1:]


async def test_a_worker_that_ends_before_it_asked_for_work_leaves_nothing(pulse, signs, autojump_clock):
    async with beating(pulse):
        await trio.sleep(1)

    assert await signs() == []


async def test_how_often_it_beats_can_be_chosen(pulse, cache, autojump_clock):
    async with beating(pulse, every=timedelta(seconds=7)) as begin:
        begin()
        left = []
        for _ in range(3):
            await trio.sleep(6.9)
            left.append(round((await cache.kv.ttl(LIVE[0])).total_seconds(), 1))
            await trio.sleep(0.1)

    assert left == [90 - 6.9] * 3


async def test_a_cache_that_does_not_answer_delays_the_end_by_a_second_at_most(project, autojump_clock):
    class Silent:
        async def delete(self, *_keys):
            await trio.sleep_forever()

    silent = pulse_of("w1", project, Roles(kv=Silent()), read_outline(project))
    began = trio.current_time()
    async with beating(silent):
        pass

    assert trio.current_time() - began == pytest.approx(1)


class Roles:
    """A cache of one role."""

    def __init__(self, kv):
        self.kv = kv


def test_ids_are_made_of_where_it_runs_and_never_come_again():
    ids = {new_worker_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(each.startswith(f"{socket.gethostname()}-{os.getpid()}-") for each in ids)


def test_the_outline_is_of_the_workflows_and_the_text_of_the_entrypoint(project, tmp_path):
    before = read_outline(project)
    (tmp_path / "tools.py").write_text("def say(): return 1\n")
    after = read_outline(project)

    assert set(before.workflows) == {"greet"}
    assert before.workflows == after.workflows
    assert before.tools != after.tools
    (tmp_path / "tools.py").unlink()
    assert read_outline(project).tools is None


async def test_a_server_lists_the_workers_of_its_project_and_knows_those_that_run_the_same(project, cache, pulse):
    async with beating(pulse):
        await pulse.beat()
        [report] = (await (await workers_over(project, cache)).list()).workers

    assert (report.record.id, report.record.host, report.record.pid) == ("w1", socket.gethostname(), os.getpid())
    assert report.same_project
