"""Stopping loses nothing, and while Temporal is away the API stays; tests/chaos kills everything else."""

import signal
import time

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


STOP_ORDER = ["http", "worker", "temporal", "cache", "store"]
WORKFLOWS = ["gated", "gated-short"]
"""The one waits in a queued activity, the other in a local one."""


def start(client: httpx.Client, workflow: str, port: int) -> str:
    answer = client.post(f"/api/v0/workflows/{workflow}/executions", json={"input": {"port": port}})
    assert answer.status_code == 202, answer.text
    return answer.json()["exec_id"]


def wait_end(client: httpx.Client, exec_id: str) -> dict:
    """Follow the execution's events to the end, and return it."""
    with client.stream("GET", f"/api/v0/executions/workflows/{exec_id}/events", timeout=60) as stream:
        for _ in stream.iter_lines():
            pass
    return client.get(f"/api/v0/executions/workflows/{exec_id}").json()


def test_the_api_stays_up_while_a_killed_temporal_server_comes_back(start_server, gate):
    server = start_server()
    with server.wait_ready() as client:
        exec_id = start(client, "gated", gate.port)
        with gate.visitor():
            killed = server.temporal()
            with server.keep_temporal_down():
                refused = client.post("/api/v0/workflows/echo/executions", json={"input": {"text": "hi"}})
                read = client.get(f"/api/v0/executions/workflows/{exec_id}")
                ready = client.get("/readyz")
            server.wait_for("ready", actor="temporal")
            server.wait_for("ready", actor="worker")
            with gate.visitor() as let_go:
                let_go()
        assert wait_end(client, exec_id)["status"] == "SUCCESS"

        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert read.json()["status"] == "RUNNING"
        assert ready.status_code == 503
        assert {row["name"]: row["ready"] for row in ready.json()["actors"]}["temporal"] is False
        assert server.temporal().pid != killed.pid
        assert client.get("/readyz").status_code == 200
    server.signal(signal.SIGTERM)
    assert server.wait_ended() == 0
    ready = server.orders()[0]
    assert [ready.count(actor) for actor in ("store", "cache", "http", "temporal", "worker")] == [1, 1, 1, 2, 2]


def test_ctrl_c_once_or_twice_stops_in_order_and_the_next_start_goes_on_with_what_was_running(start_server, gate):
    first = start_server()
    with first.wait_ready() as client:
        exec_ids = [start(client, workflow, gate.port) for workflow in WORKFLOWS]
        with gate.visitor(), gate.visitor():
            first.signal(signal.SIGINT)

            assert first.wait_ended() == 0
    assert first.orders()[1] == STOP_ORDER
    second = start_server()
    with second.wait_ready(), gate.visitor(), gate.visitor():
        second.signal(signal.SIGINT)
        second.wait_for("stopped", actor="http")
        time.sleep(0.2)  # two signals within a tenth of a second count as one
        second.signal(signal.SIGINT)

        assert second.wait_ended() == 128 + signal.SIGINT
    assert second.orders()[1] == STOP_ORDER
    third = start_server()
    with third.wait_ready() as client:
        with gate.visitor() as let_one_go, gate.visitor() as let_other_go:
            let_one_go()
            let_other_go()
        assert [wait_end(client, exec_id)["status"] for exec_id in exec_ids] == ["SUCCESS", "SUCCESS"]
    third.signal(signal.SIGTERM)
    assert third.wait_ended() == 0


@pytest.mark.parametrize("actor", ["state_folder", "store", "cache", "http", "temporal", "worker"])
def test_ctrl_c_at_each_step_of_startup_stops_what_has_started(start_server, actor):
    server = start_server()
    server.wait_for("ready", actor=actor)
    server.signal(signal.SIGINT)

    assert server.wait_ended() == 0
    started, stopped = server.orders()
    assert set(started) <= set(stopped)
    assert not started or stopped[-1] == started[0]
