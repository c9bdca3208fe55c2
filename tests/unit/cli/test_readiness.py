"""``compozy status``."""

import io
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from rich.console import Console

from compozy.cli.readiness import as_table, since

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


@contextmanager
def answering(status, body):
    """Serve one answer to whatever is asked, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

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
    with answering(status, json.dumps(body).encode()) as address:
        result = invoke("status", "--server", address, "-o", "json")

    assert json.loads(result.stdout) == body
    assert result.exit_code == exit_code


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


def test_table_has_a_row_for_each_actor_with_why():
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(as_table(RESTARTING["actors"], clock=lambda: datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)))

    assert [line.split() for line in console.file.getvalue().splitlines()] == [
        ["name", "state", "generation", "restarts", "since", "why"],
        ["store", "ready", "1", "0", "10.00", "s", "ago"],
        ["temporal", "backoff", "2", "1", "2.00", "s", "ago", "exited", "[9]"],
    ]


@pytest.mark.parametrize("instant", ["soon", "2026-01-01T00:00:00"], ids=["no instant", "without a time zone"])
def test_text_that_is_no_instant_is_shown_as_it_is(instant):
    assert since(instant, datetime(2026, 1, 1, tzinfo=UTC)) == instant
