"""Killing the program while a schedule starts things loses nothing that was due, and doubles nothing."""

import signal
import time
from datetime import datetime, timedelta

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

TICKING = """
id: ticking
schedule: { cron: "@every 1s", overlap_policy: allow }
tools: [{ id: echo }]
tasks:
  - id: echo
    tool: echo
    with: { text: "{{ .trigger.scheduled_at }}" }
"""


def states_of(client):
    """Return the executions of the workflow by their identifiers."""
    query = {"workflow_id": "ticking", "limit": 500}
    listed = client.get("/api/v0/executions/workflows", params=query).json()["executions"]
    return {each["exec_id"]: each["status"] for each in listed}


def wait_until(is_reached, client):
    """Return the executions once they are as they should be; nobody tells of those that nobody has asked for."""
    deadline = time.monotonic() + 30
    while not is_reached(states := states_of(client)):
        assert time.monotonic() < deadline, states
        time.sleep(0.05)
    return states


def due_times(states):
    """Return when the executions were due."""
    return sorted(datetime.fromisoformat(exec_id.removeprefix("e2e.ticking-")) for exec_id in states)


def test_what_was_due_while_the_killed_program_was_away_is_run_once(start_server, project):
    (project / "workflows" / "ticking.yaml").write_text(TICKING)
    first = start_server()
    with first.wait_ready() as client:
        before = wait_until(lambda states: len(states) >= 2, client)
        first.signal(signal.SIGKILL)
        assert first.wait_ended() == -signal.SIGKILL
    second = start_server()
    with second.wait_ready() as client:
        wait_until(lambda states: len(states) >= len(before) + 3, client)
        schedule = client.post("/api/v0/schedules/ticking/pause", json={}).json()
        started = {each["exec_id"] for each in schedule["recent"]}
        # What it has started records itself a moment later.
        states = wait_until(lambda states: started <= states.keys() and {*states.values()} == {"SUCCESS"}, client)
    second.signal(signal.SIGINT)
    assert second.wait_ended() == 0

    due = due_times(states)
    assert due == [due[0] + timedelta(seconds=number) for number in range(len(due))]
    assert (schedule["state"], schedule["missed"]) == ("paused", 0)
