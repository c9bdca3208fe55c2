"""Serving on a real socket: the address, and what a stop does to connections and requests."""

import contextlib
import functools
import json
import logging
import sys

import httpx
import pytest
import trio

from compozy.api import serve
from compozy.api.listening import open_listener

SYNC = "/api/v0/workflows/echo/executions/sync"
HELD = {"input": {"hold": True}}


async def test_a_free_port_is_taken_and_told(open_site):
    async with open_site() as site:
        response = await site.client.get("/healthz")

    assert site.address.host == "127.0.0.1"
    assert site.address.port > 0
    assert response.status_code == 200


async def test_answers_do_not_say_what_serves_them(open_site):
    async with open_site() as site:
        response = await site.client.get("/healthz")

    assert "server" not in response.headers


async def test_requests_are_not_logged_unless_asked_for(open_site, caplog):
    caplog.set_level(logging.DEBUG)
    async with open_site() as site:
        await site.client.get("/healthz")

    assert [record for record in caplog.records if record.name == "hypercorn.access"] == []


async def test_an_execution_runs_through_the_real_store_and_cache(open_site):
    async with open_site() as site:
        response = await site.client.post(SYNC, json={"input": {"name": "ada"}})
        shown = await site.client.get(f"/api/v0/executions/workflows/{response.json()['exec_id']}")

    assert response.json()["output"] == {"name": "ada"}
    assert shown.json()["status"] == "SUCCESS"


async def test_an_idle_connection_does_not_delay_a_stop(open_site):
    async with open_site(grace_s=10) as site:
        await site.client.get("/healthz")
        await site.client.post(SYNC, json={})

        site.stop.set()
        with trio.fail_after(2):
            await site.stopped.wait()


async def test_a_request_in_flight_is_answered_before_the_server_stops(open_site):
    async with open_site() as site, trio.open_nursery() as clients:
        answers = []

        async def run():
            answers.append(await site.client.post(SYNC, json=HELD))

        clients.start_soon(run)
        await site.stage.theatre.began.wait()
        site.stop.set()
        site.stage.theatre.curtain.set()
        with trio.fail_after(2):
            await site.stopped.wait()

    assert answers[0].json()["status"] == "SUCCESS"


@pytest.mark.slow
async def test_a_request_that_would_outlast_the_grace_is_told_that_the_execution_goes_on(open_site):
    async with open_site(grace_s=1.5) as site, trio.open_nursery() as clients:
        answers = []

        async def run():
            answers.append(await site.client.post(SYNC, json=HELD))

        clients.start_soon(run)
        await site.stage.theatre.began.wait()
        site.stop.set()

    assert answers[0].status_code == 503
    assert answers[0].json()["code"] == "STOPPING"


async def test_an_event_stream_is_ended_by_a_stop_and_not_waited_for(open_site):
    async with open_site(grace_s=10) as site:
        exec_id = await site.start(hold=True)
        async with site.client.stream("GET", f"/api/v0/executions/workflows/{exec_id}/events") as response:
            lines = response.aiter_lines()
            first = await anext(lines)
            site.stop.set()
            with trio.fail_after(2):
                rest = [line async for line in lines]
                await site.stopped.wait()

    assert first == "event: execution"
    assert json.loads(rest[0].removeprefix("data: "))["exec_id"] == exec_id


async def test_a_client_that_hangs_up_frees_its_subscription(open_site):
    async with open_site() as site:
        exec_id = await site.start(hold=True)
        async with await trio.open_tcp_stream(site.address.host, site.address.port) as client:
            await client.send_all(
                f"GET /api/v0/executions/workflows/{exec_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            assert await client.receive_some()

        with trio.fail_after(2):
            await site.stage.pubsub.left.wait()


async def test_a_stream_tells_every_change_to_the_end(open_site):
    async with open_site() as site:
        exec_id = await site.start(hold=True)
        await site.stage.theatre.began.wait()
        async with site.client.stream("GET", f"/api/v0/executions/workflows/{exec_id}/events") as response:
            lines = response.aiter_lines()
            told = [await anext(lines), await anext(lines)]
            site.stage.theatre.curtain.set()
            told += [line async for line in lines]

    statuses = [json.loads(line.removeprefix("data: "))["status"] for line in told if line.startswith("data: ")]
    assert statuses == ["RUNNING", "SUCCESS"]


@pytest.mark.slow
async def test_what_is_not_done_after_the_grace_is_dropped(open_site):
    head = f"POST {SYNC} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    async with (
        open_site(grace_s=0.3) as site,
        await trio.open_tcp_stream(site.address.host, site.address.port) as client,
    ):
        await client.send_all(head.encode() + b"{")
        await site.client.get("/healthz")
        site.stop.set()
        with trio.fail_after(2):
            await site.stopped.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such option of a socket")
async def test_a_client_that_takes_nothing_does_not_hold_up_a_stop(open_site):
    async with open_site(grace_s=0.2, stalled_s=0.5) as site:
        large = {"input": {"text": "x" * 1_000_000}}
        exec_id = (await site.client.post(SYNC, json=large)).json()["exec_id"]
        request = f"GET /api/v0/executions/workflows/{exec_id} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        async with await trio.open_tcp_stream(site.address.host, site.address.port) as client:
            await client.send_all(request * 10)
            await client.receive_some(1)
            site.stop.set()
            with trio.fail_after(5):
                await site.stopped.wait()


async def test_cancelling_frees_the_port(stage):
    async with trio.open_nursery() as nursery:
        address = await nursery.start(
            functools.partial(serve, stage.make_app(), port=0, shutdown_trigger=trio.sleep_forever)
        )
        nursery.cancel_scope.cancel()

    with await open_listener(address.host, address.port) as listener:
        assert listener.getsockname()[1] == address.port


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large_is_refused_although_the_client_still_sends(open_site, declared):
    part = b"x" * 100_000
    length = b"Content-Length: 3000000" if declared else b"Transfer-Encoding: chunked"
    head = (
        b"POST "
        + SYNC.encode()
        + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + length
        + b"\r\n\r\n"
    )
    async with open_site() as site, await trio.open_tcp_stream(site.address.host, site.address.port) as client:
        with contextlib.suppress(trio.BrokenResourceError):  # refused before all was sent
            await client.send_all(head)
            for _ in range(30):
                await client.send_all(part if declared else b"%x\r\n%s\r\n" % (len(part), part))
        answer = await client.receive_some()

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_request_for_another_host_is_refused(open_site):
    async with open_site() as site:
        response = await site.client.get("/healthz", headers={"Host": "evil.example"})

    assert response.status_code == 421


async def test_a_websocket_is_refused_and_is_no_error_of_ours(open_site, caplog):
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    async with open_site() as site:
        refused = await site.client.get("/healthz", headers=handshake)
        after = await site.client.get("/healthz")

    assert refused.status_code == 403
    assert after.status_code == 200
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.slow
async def test_two_hundred_clients_at_once_are_all_answered(open_site):
    async with open_site() as site:
        answers = []

        async def run(client):
            answers.append(await client.post(SYNC, json={"input": {"n": len(answers)}}))

        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=site.address.url, timeout=30, limits=limits) as client,
            trio.open_nursery() as clients,
        ):
            for _ in range(200):
                clients.start_soon(run, client)

    assert [answer.status_code for answer in answers] == [200] * 200
    assert {answer.json()["status"] for answer in answers} == {"SUCCESS"}
