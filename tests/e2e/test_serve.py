"""A server from its first line to its last: order, exposure, the main job."""

import signal
import stat

import psutil
import pytest

pytestmark = pytest.mark.slow


def test_boot_log_names_mode_and_drivers_and_actors_start_and_stop_in_order(start_server):
    server = start_server()
    with server.wait_ready():
        server.signal(signal.SIGTERM)

        assert server.wait_ended() == 0
    boot = server.lines[0]
    assert boot["event"] == "compozy starts"
    assert (boot["mode"], boot["store_driver"], boot["cache_driver"]) == ("standalone", "sqlite", "sugardb")
    started, stopped = server.orders()
    assert [actor for actor in started if actor != "http"] == ["store", "cache", "temporal", "worker"]
    assert started.index("http") > started.index("cache")
    assert stopped == ["http", "worker", "temporal", "cache", "store"]


def test_warnings_about_the_project_are_logged_at_boot_once(shared):
    server, _ = shared

    told = [line for line in server.lines if line["level"] == "warning" and "file" in line]

    broken, unserved = told
    assert broken["file"].endswith("agents/broken.yaml")
    assert unserved["event"] == "this version serves no webhooks: 'orders' starts nothing"
    assert unserved["file"].endswith("workflows/echo.yaml")
    assert unserved["key"] == "triggers[0]"


def test_a_workflow_runs_through_the_api_and_is_traced(shared):
    server, client = shared
    answer = client.post("/api/v0/workflows/echo/executions/sync", json={"input": {"text": "hi"}})
    found = client.get(f"/api/v0/executions/workflows/{answer.json()['exec_id']}").json()

    assert answer.status_code == 200
    assert answer.json()["status"] == "SUCCESS"
    assert answer.json()["output"] == {"text": "hi"}
    assert [task["status"] for task in found["tasks"]] == ["SUCCESS"]
    assert client.get("/readyz").status_code == 200
    request = server.wait_for("span", name="POST /api/v0/workflows/<workflow_id>/executions/sync")
    spans = {line["name"]: line for line in server.lines if line["event"] == "span"}
    assert spans["execution echo"]["parent_id"] == request["span_id"]
    assert spans["task say"]["parent_id"] == spans["execution echo"]["span_id"]
    assert spans["task say"]["trace_id"] == spans["execution echo"]["trace_id"] == request["trace_id"]


def test_only_loopback_is_listened_on_and_the_state_folder_is_private(shared):
    server, client = shared
    family = [psutil.Process(server.process.pid), *server.children()]
    listening = [
        (process.name(), connection.laddr.ip)
        for process in family
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type.name == "SOCK_DGRAM"
    ]
    own = [c for c in psutil.Process(server.process.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]

    assert {ip for _, ip in listening} == {"127.0.0.1"}
    assert [connection.laddr.port for connection in own] == [client.base_url.port]
    folder = server.project / ".compozy"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"compozy.db", "temporal.db", "lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_server_on_the_same_folder_is_refused_and_told_who_has_it(shared):
    first, client = shared
    second = type(first)(first.project)

    assert second.wait_ended() == 3
    assert f"in use by process {first.process.pid}" in second.text()
    assert client.get("/readyz").status_code == 200
