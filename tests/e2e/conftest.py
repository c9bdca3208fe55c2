"""Real servers in processes of their own, and a gate at which their tools wait for the test."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue

import httpx
import psutil
import pytest

PROJECT = Path(__file__).with_name("project")
PATIENCE_S = 30
BACKENDS = ("store", "cache", "temporal", "worker", "http")


class Server:
    """``python -m compozy serve`` in a process group of its own; its log lines are read as they come."""

    def __init__(self, project: Path, *args: str) -> None:
        self.project = project
        self.lines: list[dict] = []
        self._waiting: Queue[dict | None] = Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compozy", "serve", "--config", project, "--log-format", "json", *args],
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._family: list[psutil.Process] = []

    def _read(self) -> None:
        for line in self.process.stderr:
            try:
                parsed = json.loads(line)
            except ValueError:
                parsed = {"event": line.rstrip(), "level": "text"}
            self.lines.append(parsed)
            self._waiting.put(parsed)
        self._waiting.put(None)

    def wait_for(self, event: str, **facts: object) -> dict:
        """Return the first line from now on that says this."""
        while True:
            line = self._waiting.get(timeout=PATIENCE_S)
            assert line is not None, f"the server ended before {event!r} {facts}:\n{self.text()}"
            if line["event"] == event and facts.items() <= line.items():
                return line

    def wait_listening(self) -> httpx.Client:
        return self.client(self.wait_for("http listens")["url"])

    def wait_ready(self) -> httpx.Client:
        """Return a client of the server once everything is ready."""
        url = None
        missing = set(BACKENDS)
        while missing:
            line = self._waiting.get(timeout=PATIENCE_S)
            assert line is not None, f"the server ended before {missing} were ready:\n{self.text()}"
            if line["event"] == "http listens":
                url = line["url"]
            if line["event"] == "ready":
                missing.discard(line["actor"])
        return self.client(url)

    def client(self, url: str) -> httpx.Client:
        self._family = self.children()
        return httpx.Client(base_url=url, timeout=PATIENCE_S)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def temporal(self) -> psutil.Process:
        [found] = [child for child in self.children() if "start-dev" in child.cmdline()]
        return found

    @contextmanager
    def keep_temporal_down(self):
        """Kill the Temporal server, and hold its lock, for which the next one waits."""
        with (self.project / ".compozy" / "temporal.lock").open() as lock:
            os.kill(self.temporal().pid, signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)  # granted when the killed server and its supervisor have let it go
            yield

    def signal(self, number: signal.Signals) -> None:
        self._family = self._family or self.children()
        self.process.send_signal(number)

    def wait_ended(self) -> int:
        """Return the exit code, having made sure that no child outlived the server."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.process.stderr.close()
        assert not psutil.wait_procs(self._family, timeout=PATIENCE_S)[1], "children are left"
        return code

    def orders(self) -> tuple[list[str], list[str]]:
        """Return the actors in the order in which they became ready, and in which they stopped."""
        return tuple(
            [line["actor"] for line in self.lines if line["event"] == event and line["actor"] in BACKENDS]
            for event in ("ready", "stopped")
        )

    def text(self) -> str:
        return "\n".join(map(str, self.lines))


class Gate:
    """Where the ``gate`` tool reports, and waits."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port = self._listener.getsockname()[1]

    @contextmanager
    def visitor(self):
        """Wait for a tool to report; yield a function that lets it go on with an answer."""
        connection, _ = self._listener.accept()
        with connection, connection.makefile() as reader:
            reader.readline()
            yield lambda answer="done": connection.sendall(f"{answer}\n".encode())

    def close(self) -> None:
        self._listener.close()


def copied(folder: Path) -> Path:
    """Copy the project into a new folder there, with state of its own."""
    ignored = shutil.ignore_patterns("__pycache__", ".compozy")
    return Path(shutil.copytree(PROJECT, folder / "project", ignore=ignored))


@contextmanager
def starting(project: Path):
    """Yield what starts servers on the project; those that are left at the end are killed, and count as an error."""
    servers = []

    def start(*args: str) -> Server:
        servers.append(Server(project, *args))
        return servers[-1]

    yield start
    left = [server for server in servers if server.process.poll() is None]
    for server in left:
        os.kill(server.process.pid, signal.SIGKILL)
    for server in servers:
        server.wait_ended()  # also of one that ended by itself, what it held is to be let go of
    assert not left, "a test must end its servers"


@pytest.fixture
def project(tmp_path):
    """A copy of the project, with state of its own."""
    return copied(tmp_path)


@pytest.fixture
def start_server(project):
    """Start servers on the project."""
    with starting(project) as start:
        yield start


@pytest.fixture
def start_servers_of():
    """Return a function from a project to a function that starts servers on it."""
    with ExitStack() as stack:
        yield lambda project: stack.enter_context(starting(project))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server that is ready and logs traces, for tests that leave it as it is, and its client."""
    project = copied(tmp_path_factory.mktemp("shared"))
    with (project / "compozy.yaml").open("a") as file:
        file.write("telemetry: {traces: log}\n")
        file.write("autoload: {enabled: true, strict: false, include: [agents/*.yaml]}\n")
    (project / "agents").mkdir()
    (project / "agents" / "broken.yaml").write_text("id: [\n")
    with (project / "workflows" / "echo.yaml").open("a") as file:
        file.write("triggers: [{type: webhook, name: orders}]\n")
    with starting(project) as start:
        server = start()
        with server.wait_ready() as client:
            yield server, client
        server.signal(signal.SIGINT)
        assert server.wait_ended() == 0


@pytest.fixture
def make_gate():
    """Return a function that makes a gate."""
    gates = []

    def make():
        gates.append(Gate())
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.fixture
def gate(make_gate):
    return make_gate()
