"""A standalone project whose cache is Redis, and one that only counts requests there."""

from contextlib import asynccontextmanager

import httpx
import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.app.options import load
from compozy.app.runtime import deployment_of, simplest
from compozy.app.tree import build_tree
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.domain.statuses import Status
from compozy.telemetry.metrics import Metrics
from supervisors import TreeFailed

pytestmark = pytest.mark.slow

WORKFLOWS = "/api/v0/workflows"


@pytest.fixture
def options(project, redis):
    """Return a function that gives the options of the project on that server; keywords are further variables."""
    return lambda **environ: Options(
        path=project, environ={"REDIS_MODE": "distributed", "REDIS_URL": redis.url} | environ
    )


@pytest.fixture
def open_api():
    """Return a function that opens the API of a project and what it needs, without Temporal; yields a client."""

    @asynccontextmanager
    async def open_api(options):
        loaded = load(options)
        tree = build_tree(loaded, Metrics(deployment_of(loaded))).only("http")
        try:
            async with tree.open() as live, httpx.AsyncClient(base_url=live["http"].get().url) as client:
                yield client
        except TreeFailed as failed:
            raise simplest(failed) from failed

    return open_api


async def test_a_program_outlives_its_redis_and_uses_it_again(options, redis, project):
    with trio.fail_after(60):
        async with open_runtime(options(), serves_http=True) as app:
            before = await app.run("greet", {"name": "Ada"})
            async with httpx.AsyncClient(base_url=app.tree["http"].get().url) as client:
                redis.kill()
                with pytest.raises(UnavailableError, match="redis at"):
                    await app.run("greet", {"name": "Ada"})
                refused = await client.post(
                    f"{WORKFLOWS}/greet/executions/sync", json={"input": {"name": "Ada"}}, timeout=20
                )
                read = await client.get("/api/v0/executions/workflows")
                accepted = await app.executions.start("greet", {"name": "Grace"})
                redis.start()
                async with app.executions.watch(accepted.exec_id) as changes:
                    state = (await app.executions.get(accepted.exec_id)).workflow
                    if not state.status.is_terminal:
                        async for _ in changes:
                            pass
            after = await app.run("greet", {"name": "Ada"})
            started_later = await app.executions.get(accepted.exec_id)
            metrics = app.metrics.render().decode()
            generations = {row.name: row.generation for row in app.tree.status()}

    assert before == after == {"text": "Hello, Ada!"}
    assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
    assert int(refused.headers["Retry-After"]) >= 1
    assert read.status_code == 200
    assert started_later.workflow.status is Status.SUCCESS
    assert set(generations.values()) == {1}
    assert 'compozy_cache_failures_total{cache_driver="redis"' in metrics
    assert not (project / ".compozy" / "cache").exists()


async def test_requests_are_counted_in_redis_beside_an_embedded_cache(options, open_api, redis, project):
    environ = {"REDIS_MODE": "standalone", "RATELIMIT_BACKEND": "redis", "RATELIMIT_LIMIT": "2"}
    with trio.fail_after(30):
        async with open_api(options(RATELIMIT_WINDOW="1m", **environ)) as client:
            answers = [await client.get(WORKFLOWS) for _ in range(2)]
            keys = redis.ask("KEYS", "*")
        async with open_api(options(RATELIMIT_WINDOW="1m", **environ)) as client:  # another process, or a later one
            answers.append(await client.get(WORKFLOWS))

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert len(keys) == 1
    assert (project / ".compozy" / "cache").exists()


@pytest.mark.parametrize("mode", ["distributed", "standalone"])
async def test_what_is_not_limited_needs_no_redis_to_count_in(options, open_api, mode):
    environ = {"RATELIMIT_ENABLED": "false", "RATELIMIT_BACKEND": "redis", "RATELIMIT_LIMIT": "1"}
    with trio.fail_after(30):
        async with open_api(options(REDIS_MODE=mode, **environ)) as client:
            answers = [await client.get(WORKFLOWS) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    ("environ", "error", "message"),
    [
        ({"REDIS_URL": "redis://ada:hunter2@127.0.0.1:1"}, UnavailableError, r"redis at 127\.0\.0\.1:1/0 cannot be"),
        ({"REDIS_URL": ""}, InvalidError, "redis.url: neither url nor host is given"),
        (
            {"REDIS_MODE": "standalone", "REDIS_URL": "", "RATELIMIT_BACKEND": "redis"},
            InvalidError,
            "redis.url: neither url nor host is given",
        ),
    ],
)
async def test_a_first_start_without_redis_fails_at_once_and_says_why(options, open_api, environ, error, message):
    with pytest.raises(error, match=message) as caught, trio.fail_after(20):
        async with open_api(options(**environ)):
            raise AssertionError

    assert "hunter2" not in str(caught.value)
