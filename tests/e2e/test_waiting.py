"""Executions that wait, or were paused, do so still after whatever was killed, and hear what is told then."""

import os
import signal

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

API = "/api/v0"


def post(client: httpx.Client, path: str, **body: object) -> dict:
    answer = client.post(f"{API}/{path}", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def start(client: httpx.Client, workflow: str, **input_: object) -> str:
    return post(client, f"workflows/{workflow}/executions", input=input_)["exec_id"]


def wait_for(client: httpx.Client, exec_id: str, text: str | None = None) -> dict:
    """Follow the execution's events until one says this, or else to its end; return the execution."""
    with client.stream("GET", f"{API}/executions/workflows/{exec_id}/events", timeout=60) as stream:
        for line in stream.iter_lines():
            if text is not None and text in line:
                break
    return client.get(f"{API}/executions/workflows/{exec_id}").json()


def test_who_waits_and_who_was_paused_survives_the_loss_of_temporal_and_of_the_program(start_server, gate):
    first = start_server()
    with first.wait_ready() as client:
        waiting = [start(client, "waiting", order=order) for order in (1, 2)]
        for exec_id in waiting:
            wait_for(client, exec_id, "WAITING")
        paused = start(client, "gated", port=gate.port)
        with gate.visitor():
            post(client, f"executions/{paused}/pause")
            wait_for(client, paused, "PAUSED")
            os.kill(first.temporal().pid, signal.SIGKILL)
            first.wait_for("ready", actor="temporal")
            first.wait_for("ready", actor="worker")
            post(client, "events", name="approved-1", payload={"by": "ada"})
            assert wait_for(client, waiting[0])["output"] == {"by": "ada"}

            first.signal(signal.SIGKILL)
            assert first.wait_ended() == -signal.SIGKILL
    second = start_server()
    with second.wait_ready() as client:
        with gate.visitor() as let_go:
            let_go()
        post(client, f"executions/{waiting[1]}/signals", name="approved-2", payload={"by": "bob"})
        assert wait_for(client, waiting[1])["output"] == {"by": "bob"}
        held = wait_for(client, paused, '"status": "SUCCESS"')
        assert (held["status"], [task["task_id"] for task in held["tasks"]]) == ("PAUSED", ["before", "work"])
        post(client, f"executions/{paused}/resume")

        assert wait_for(client, paused)["output"] == {"text": "done"}
    second.signal(signal.SIGTERM)
    assert second.wait_ended() == 0
