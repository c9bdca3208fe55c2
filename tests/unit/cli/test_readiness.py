"""``compozy status``."""

import io
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from rich.console import Console

from compozy.cli.readiness import actors_view

READY = {
    "ready": True,
    "actors": [
        {
            "name": "store",
            "state": "ready",
            "ready": True,
            "generation": 1,
            "restarts": 0,
            "since": "2026-01-01T00:00:00Z",
            "reason": None,
        },
    ],
}
RESTARTING = {
    "ready": False,
    "actors": [
        *READY["actors"],
        {
            "name": "temporal",
            "state": "backoff",
            "ready": False,
            "generation": 2,
            "restarts": 1,
            "since": "2026-01-01T00:00:08Z",
            "reason": "exited [9]",
        },
    ],
}


WORKERS = {
    "workers": [
        {
            "id": "box-7-abc",
            "host": "box",
            "pid": 7,
            "state": "live",
            "version": "1.0",
            "started_at": "2026-01-01T00:00:00Z",
            "last_beat_at": "2026-01-01T00:00:30Z",
            "age_s": 2.5,
            "same_project": True,
            "differing_workflows": [],
            "same_tools": True,
        }
    ],
    "unreadable_workers": [],
}
NO_ROUTE = {"title": "there is no such route", "detail": "there is no route /api/v0/workers", "code": "NO_ROUTE"}
AWAY = {"title": "a backend cannot be reached now", "detail": "the cache is away", "code": "UNAVAILABLE"}


@contextmanager
def answering(status, body, *, workers=(404, NO_ROUTE)):
    """Serve one answer to whatever is asked on loopback, and one where workers are listed."""
    others = (workers[0], json.dumps(workers[1]).encode())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, answer = others if self.path == "/api/v0/workers" else (status, body)
            if code is None:  # the connection ends without an answer
                return
            self.send_response(code)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments):
            """Keep stderr clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "body", "exit_code"), [(200, READY, 0), (503, RESTARTING, 3)])
def test_json_is_what_the_server_said_and_the_exit_tells_whether_it_is_ready(invoke, status, body, exit_code):
    with answering(status, json.dumps(body).encode(), workers=(200, WORKERS)) as address:
        result = invoke("status", "--server", address, "-o", "json")

    assert json.loads(result.stdout) == body | WORKERS
    assert result.exit_code == exit_code


def test_a_stale_worker_is_no_failure_of_the_server(invoke):
    stale = {"workers": [WORKERS["workers"][0] | {"state": "stale", "age_s": 3725}], "unreadable_workers": ["odd"]}
    with answering(200, json.dumps(READY).encode(), workers=(200, stale)) as address:
        result = invoke("status", "--server", address, "-o", "table")

    actors, _, workers = result.stdout.partition("\n\n")
    assert actors.splitlines()[1].split()[:2] == ["store", "ready"]
    assert workers.splitlines()[1].split()[:7] == ["box-7-abc", "stale", "1", "h", "02", "min", "ago"]
    assert workers.splitlines()[-1].rstrip() == "cannot be read: odd"
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_older_server_that_lists_no_workers_shows_its_actors_alone(invoke):
    with answering(200, json.dumps(READY).encode()) as address:
        result = invoke("status", "--server", address, "-o", "json")
        table = invoke("status", "--server", address, "-o", "table")

    assert json.loads(result.stdout) == READY
    assert (result.exit_code, result.stderr, table.exit_code, table.stderr) == (0, "", 0, "")
    assert len(table.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((503, AWAY), "the cache is away"),
        ((500, {"title": "oh"}), "oh"),
        ((200, {"workers": 3}), "answered 200"),
        ((None, None), "broke"),
    ],
)
def test_workers_that_cannot_be_listed_now_are_told_and_the_actors_shown(invoke, answer, reason):
    with answering(200, json.dumps(READY).encode(), workers=answer) as address:
        result = invoke("status", "--server", address, "-o", "json")
        table = invoke("status", "--server", address, "-o", "table")

    assert json.loads(result.stdout) == READY | {"workers": None}
    assert result.exit_code == table.exit_code == 0
    assert len(table.stdout.splitlines()) == 2
    for each in (result, table):
        assert each.stderr.startswith("the workers are not known now: ")
        assert reason in each.stderr


@pytest.mark.parametrize(
    ("status", "body", "exit_code"),
    [(404, b"<h1>nothing here</h1>", 2), (200, b'{"hello": 1}', 2), (502, b"bad gateway", 3), (200, b"[]", 2)],
)
def test_somebody_else_at_the_address_is_a_clear_error(invoke, status, body, exit_code):
    with answering(status, body) as address:
        result = invoke("status", "--server", address)

    assert result.exit_code == exit_code
    assert f"http://{address}/readyz answered {status}, and not as a Compozy server would" in result.stderr
    assert result.stdout == ""


@pytest.fixture
def drawn():
    """Return a function that gives the lines of a view of actors on a terminal of 80 columns."""

    def drawn(actors):
        console = Console(file=io.StringIO(), width=80, color_system=None)
        console.print(actors_view(actors, clock=lambda: datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)))
        return console.file.getvalue().splitlines()

    return drawn


def test_there_is_a_row_for_each_actor_and_below_why_one_is_not_ready(drawn):
    assert [line.split() for line in drawn(RESTARTING["actors"])] == [
        ["name", "state", "restarts", "since", "start", "took"],
        ["store", "ready", "0", "10.00", "s", "ago"],
        ["temporal", "backoff", "1", "2.00", "s", "ago"],
        [],
        ["temporal:", "exited", "[9]"],
    ]


def test_long_values_fit_into_80_columns_and_nothing_of_them_is_left_out(drawn):
    reason = "health check failed: the database shop at 10.1.2.3:5432 cannot be used now: it does not answer"
    actor = {
        "name": "state_folder_of_the_shop",
        "state": "gave up",
        "ready": False,
        "restarts": 12345,
        "since": "2025-12-31T00:00:10Z",
        "ready_in_s": 1234.5,
        "reason": reason,
    }

    lines = drawn([actor])

    assert max(map(len, lines)) <= 80
    assert lines[1].split() == [actor["name"], "gave", "up", "12345", "1", "d", "0", "h", "ago", "1234.50", "s"]
    assert " ".join(" ".join(lines[3:]).split()) == f"{actor['name']}: {reason}"


def test_a_line_below_the_table_tells_how_the_server_started(invoke):
    started = {"ready_after_s": 0.5, "ready_in_s": 0.5, "waited_for": None}
    body = {"ready": True, "actors": [{**READY["actors"][0], **started}]}

    with answering(200, json.dumps(body).encode()) as address:
        result = invoke("status", "--server", address, "-o", "table")

    assert "ready after 0.50 s: store 0.50 s" in result.stdout
