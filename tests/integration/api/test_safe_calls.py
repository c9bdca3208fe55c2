"""Limits and repetitions on a real socket, over the real store and cache."""

from datetime import timedelta

import httpx
import trio

from compozy.api.limits import Rate
from compozy.drivers.sugardb.limiter import SugarLimiter

START = "/api/v0/workflows/echo/executions"


async def test_connections_of_one_machine_share_a_limit(open_site):
    async with open_site(limiter=SugarLimiter(), rate=Rate(2, timedelta(hours=1))) as site:
        async with httpx.AsyncClient(base_url=site.address.url) as other:
            answers = [await client.get("/api/v0/workflows") for client in (site.client, other, site.client)]
        probe = await site.client.get("/healthz")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["detail"].startswith("127.0.0.1 may make 2 requests in 3600 s; try again in ")
    assert 3590 <= int(answers[2].headers["Retry-After"]) <= 3600
    assert probe.status_code == 200


async def test_whoever_repeats_after_an_answer_was_lost_meets_the_same_execution(open_site, stage):
    async with open_site() as site:
        request = {"json": {"input": {"hold": True}}, "headers": {"Idempotency-Key": "k"}}
        with trio.move_on_after(10) as patience:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda: site.client.post(f"{START}/sync", **request))
                await stage.theatre.began.wait()
                nursery.cancel_scope.cancel()
        stage.theatre.curtain.set()

        again = await site.client.post(f"{START}/sync", **request)
        listed = (await site.client.get("/api/v0/executions/workflows")).json()["executions"]

    assert not patience.cancelled_caught
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert [each["exec_id"] for each in listed] == [again.json()["exec_id"]]
