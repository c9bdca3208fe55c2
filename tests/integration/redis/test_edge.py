"""The edge of several servers that share one Redis."""

from datetime import timedelta

import pytest

from compozy.api import ApiServices, create_app
from compozy.api.limits import Rate
from compozy.domain.definitions import Project
from compozy.domain.errors import InvalidError
from compozy.engine.idempotency import IdempotencyKeys
from compozy.telemetry.metrics import Deployment, Metrics


def open_client(limiter, *, project="tests"):
    """Return a client of a server that has a limit of two requests and answers nothing but a listing of workflows."""
    nothing = object()
    services = ApiServices(
        executions=nothing,
        project=Project(name=project, root="/nowhere"),
        idempotency=nothing,
        metrics=Metrics(Deployment(version="1", mode="distributed", store_driver="postgres", cache_driver="redis")),
        actors=list,
        workers=nothing,
        schedules=nothing,
        limiter=limiter,
        rate=Rate(2, timedelta(minutes=1)),
    )
    return create_app(services).test_client()


async def test_servers_of_one_project_count_a_client_together(cache):
    servers = [open_client(cache.limiter), open_client(cache.limiter), open_client(cache.limiter, project="other")]

    answers = [await servers[number].get("/api/v0/workflows") for number in (0, 1, 0, 1, 2)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 200]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0", "0", "1"]
    assert {answer.headers["Retry-After"] for answer in answers[2:4]} <= {"59", "60"}


async def test_a_key_is_known_to_every_server(cache, server, open_on):
    async with open_on(server) as other:
        first = await IdempotencyKeys(cache.kv).claim("tests:greet", "k", {"a": 1})
        again = await IdempotencyKeys(other.kv).claim("tests:greet", "k", {"a": 1})
        with pytest.raises(InvalidError, match="'k' was used with another input"):
            await IdempotencyKeys(other.kv).claim("tests:greet", "k", {"a": 2})

    assert (first.is_new, again.is_new) == (True, False)
    assert timedelta(hours=23, minutes=59) < await cache.kv.ttl("idempotency:tests:greet:k") <= timedelta(hours=24)
