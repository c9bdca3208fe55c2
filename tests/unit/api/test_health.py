"""Liveness, readiness and metrics over HTTP."""

from datetime import UTC, datetime, timedelta, timezone

import attrs

from compozy.api import ActorReport

READY = ActorReport(name="store", state="ready", ready=True, since=datetime(2026, 1, 2, tzinfo=UTC))


async def test_the_process_is_alive_even_when_no_actor_is_ready(world):
    world.actors.append(attrs.evolve(READY, state="starting", ready=False))

    assert (await world.client.get("/healthz")).status_code == 200


async def test_ready_when_every_actor_is(world):
    start = {"ready_after": timedelta(seconds=2), "ready_in": timedelta(milliseconds=500), "waited_for": "store"}
    world.actors.extend([READY, attrs.evolve(READY, name="cache", restarts=2, generation=3, **start)])

    response = await world.client.get("/readyz")

    body = await response.get_json()
    assert response.status_code == 200
    assert body["ready"] is True
    assert body["actors"][1] == {
        "name": "cache",
        "state": "ready",
        "ready": True,
        "generation": 3,
        "restarts": 2,
        "since": "2026-01-02T00:00:00.000000Z",
        "reason": None,
        "ready_after_s": 2.0,
        "ready_in_s": 0.5,
        "waited_for": "store",
    }
    assert body["actors"][0]["ready_in_s"] is None


async def test_one_actor_that_is_not_ready_makes_it_503_and_says_why(world):
    waiting = attrs.evolve(READY, name="temporal", state="backoff", ready=False, reason="exit status 1")
    world.actors.extend([READY, waiting])

    response = await world.client.get("/readyz")

    body = await response.get_json()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert body["ready"] is False
    assert [actor["reason"] for actor in body["actors"]] == [None, "exit status 1"]


async def test_one_that_is_not_needed_does_not(world):
    given_up = attrs.evolve(READY, name="janitor", state="gave up", ready=False, needed=False, reason="a fault")
    world.actors.extend([READY, given_up])

    response = await world.client.get("/readyz")

    body = await response.get_json()
    assert (response.status_code, body["ready"]) == (200, True)
    assert [actor["ready"] for actor in body["actors"]] == [True, False]


async def test_an_instant_of_another_zone_is_shown_in_utc(world):
    world.actors.append(attrs.evolve(READY, since=datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=2)))))

    body = await (await world.client.get("/readyz")).get_json()

    assert body["actors"][0]["since"] == "2026-01-01T23:00:00.000000Z"


async def test_requests_are_counted_by_route_template_and_status(world):
    await world.client.get("/api/v0/workflows/greet")
    await world.client.get("/api/v0/workflows/gret")
    await world.client.get("/no/such/route")

    response = await world.client.get("/metrics")

    lines = [line for line in (await response.get_data(as_text=True)).splitlines() if "http_requests_total{" in line]
    assert response.content_type.startswith("text/plain; version=")
    assert len(lines) == 3
    assert any('route="/api/v0/workflows/<workflow_id>"' in line and 'status="200"' in line for line in lines)
    assert any('route="/api/v0/workflows/<workflow_id>"' in line and 'status="404"' in line for line in lines)
    assert any('route="unmatched"' in line and 'status="404"' in line for line in lines)


async def test_metrics_show_how_the_actors_stand_now(world):
    world.actors.append(attrs.evolve(READY, name="temporal", state="backoff", ready=False, restarts=3))

    first = await (await world.client.get("/metrics")).get_data(as_text=True)
    world.actors[0] = attrs.evolve(READY, name="temporal", restarts=4)
    second = await (await world.client.get("/metrics")).get_data(as_text=True)

    assert 'compozy_actor_state{actor="temporal",' in first
    assert 'state="backoff"' in first
    assert 'state="backoff"' not in second
    assert 'state="ready"' in second
