"""Many processes over one PostgreSQL, one Redis and one Temporal: they share the work, and outlive all three."""

import importlib.util
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import httpx
import pytest
import trio

from compozy.testing import Program, open_cluster, open_program

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2] / "examples" / "distributed"
EXECUTIONS = "/api/v0/executions/workflows"
SYNC = "/api/v0/workflows/fulfil/executions/sync"
START = "/api/v0/workflows/fulfil/executions"
ORDER = {"input": {"item": "lamp"}}
BACKENDS = {"store": "postgres", "cache": "redis", "temporal": "temporal"}
PATIENCE_S = 60

in_thread = trio.to_thread.run_sync


def until(program: Program, event: str, **facts):
    """Wait in a thread until the program says this."""
    return in_thread(partial(program.wait_for, event, **facts))


@attrs.frozen
class Company:
    """Two processes with the API, and three that work."""

    apis: list[Program]
    workers: list[Program]
    urls: list[str]


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("distributed_demo", PROJECT / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cluster():
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture
def site(cluster):
    with cluster.open_site() as site:
        yield site


@pytest.fixture
def company(cluster):
    with cluster.open_site() as site, ExitStack() as stack:
        start = partial(open_program, project=PROJECT, environ={**site.environ, "SERVER_PORT": "0"})
        apis = [stack.enter_context(start("serve", "--no-worker")) for _ in range(2)]
        workers = [stack.enter_context(start("worker", "--health-port", "0")) for _ in range(3)]
        for worker in workers:
            worker.wait_for("ready", actor="worker")
        urls = [api.wait_for("http listens")["url"] for api in apis]
        for api in apis:
            api.wait_for("ready", actor="temporal")
        yield Company(apis, workers, urls)
        programs = apis + [worker for worker in workers if worker.runs]
        assert [program.stop() for program in programs] == [0] * len(programs)


@pytest.fixture
async def clients(company):
    """A client of each API."""
    async with trio.open_nursery():
        one, other = (httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) for url in company.urls)
        async with one, other:
            yield one, other


@asynccontextmanager
async def following(demo, client, exec_ids):
    """Follow executions while the block runs, and until they have ended."""
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            for exec_id in exec_ids:
                nursery.start_soon(demo.follow, client, exec_id)
            yield


async def start(client, count):
    return [(await client.post(START, json=ORDER)).json()["exec_id"] for _ in range(count)]


def not_ready(readiness):
    return {actor["name"]: actor["reason"] for actor in readiness.json()["actors"] if not actor["ready"]}


async def test_two_apis_and_three_workers_share_the_work_and_outlive_their_servers(
    cluster, company, clients, demo, subtests
):
    # One test, because five processes take seconds to start; each part is a claim of its own.
    with subtests.test("every process lists all workers"):
        await check_listings(company, clients)
    with subtests.test("an execution that was started in one process is watched from another"):
        await check_watching(clients, demo)
    with subtests.test("a worker tells of its health without an API"):
        await check_health(company)
    for backend, server in BACKENDS.items():
        with subtests.test(f"{server} goes and comes back under load"):
            await check_outage(company, clients, demo, backend, getattr(cluster, server))
    with subtests.test("a worker that stops leaves the rest to others"):
        await check_leaving(company, clients, demo)


async def check_listings(company, clients):
    for client in clients:
        workers = []
        with trio.fail_after(15):  # the first heartbeat follows the readiness
            while {worker["pid"] for worker in workers} != {worker.pid for worker in company.workers}:
                await trio.sleep(0.05)
                workers = (await client.get("/api/v0/workers")).json()["workers"]
        assert {worker["state"] for worker in workers} == {"live"}


async def check_watching(clients, demo):
    one, other = clients
    [exec_id] = await start(one, 1)
    async with following(demo, other, [exec_id]):
        pass
    ended = (await other.get(f"{EXECUTIONS}/{exec_id}")).json()

    assert ended["status"] == "SUCCESS"
    assert [task["task_id"] for task in ended["tasks"]] == ["price", "charge", "confirm"]


async def check_health(company):
    url = company.workers[0].wait_for("http listens")["url"]
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
        paths = ("/healthz", "/readyz", "/metrics", "/api/v0/workflows")
        alive, ready, metrics, api = [await client.get(path) for path in paths]

    assert (alive.status_code, ready.status_code, metrics.status_code, api.status_code) == (200, 200, 200, 404)
    assert {"worker", "store", "cache", "temporal"} <= {actor["name"] for actor in ready.json()["actors"]}
    assert 'mode="distributed"' in metrics.text


async def check_outage(company, clients, demo, backend, server):
    one, other = clients
    api = company.apis[0]
    said = len(api.lines)
    exec_ids = await start(one, 10)
    async with following(demo, other, exec_ids):
        await in_thread(server.kill)
        await until(api, "degraded", actor=backend, after=said)
        away = await one.get("/readyz")
        refused = await one.post(SYNC, json=ORDER)
        said = len(api.lines)
        await in_thread(server.start)
        await until(api, "ready", actor=backend, after=said)
    back = await one.get("/readyz")
    works = await one.post(SYNC, json=ORDER)

    assert (away.status_code, list(not_ready(away))) == (503, [backend])
    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    assert refused.headers["Retry-After"]
    assert (back.status_code, works.json()["status"]) == (200, "SUCCESS")
    assert {actor["generation"] for actor in back.json()["actors"]} == {1}


async def check_leaving(company, clients, demo):
    one, other = clients
    leaving = company.workers[-1]
    exec_ids = await start(one, 20)
    async with following(demo, other, exec_ids):
        code = await in_thread(leaving.stop)
    listed = {worker["pid"] for worker in (await one.get("/api/v0/workers")).json()["workers"]}

    assert code == 0
    assert leaving.pid not in listed


async def test_a_killed_worker_loses_nothing(demo, site):
    with trio.fail_after(PATIENCE_S):
        tally = await demo.play(site, executions=40)

    assert tally.is_complete, tally
    assert tally.task_runs == 3 * tally.executions


async def test_a_program_waits_for_its_servers_and_says_for_which(cluster, site):
    servers = [getattr(cluster, name) for name in BACKENDS.values()]
    for server in servers:
        await in_thread(server.kill)
    with open_program("serve", project=PROJECT, environ={**site.environ, "SERVER_PORT": "0"}) as program:
        url = (await until(program, "http listens"))["url"]
        for actor in BACKENDS:
            await until(program, "failed", actor=actor)
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            readiness = await client.get("/readyz")
            refused = await client.get(EXECUTIONS)
            for server in servers:
                await in_thread(server.start)
            await until(program, "ready", actor="worker")
            works = await client.post(SYNC, json=ORDER)
        told = [line["actor"] for line in program.lines if line["event"] == "failed"]
        code = await in_thread(program.stop)

    assert set(BACKENDS) <= set(not_ready(readiness))
    assert "UnavailableError: temporal at" in not_ready(readiness)["temporal"]
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
    assert refused.json()["detail"].startswith("store cannot be used now")
    assert refused.headers["Retry-After"]
    assert works.json()["status"] == "SUCCESS"
    assert set(told) == set(BACKENDS)
    assert code == 0
