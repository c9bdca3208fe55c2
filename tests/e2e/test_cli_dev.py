"""``compozy dev``: a server that follows the files."""

import json
import os
import signal
import subprocess
import sys
import threading
from queue import Empty, Queue

import httpx
import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PATIENCE_S = 30


class Dev:
    """``compozy dev`` in a process group of its own; its lines are read as they come."""

    def __init__(self, project):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compozy", "dev", "--config", project],
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._lines = Queue()
        self._seen = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self._lines.put(line.rstrip())
        self._lines.put(None)

    def wait_line(self, text):
        """Return the first line from now on that holds the text."""
        while True:
            line = self.next_line(wanted=text)
            if text in line:
                return line

    def wait_served(self):
        """Return the address of the server that starts, once its API and its worker are ready, in whatever order."""
        url, missing = None, {"http", "worker"}
        while missing:
            line = self.next_line(wanted=missing)
            told = json.loads(line) if line.startswith("{") else {"event": line}
            if told["event"] == "http listens":
                url = told["url"]
            if told["event"] == "ready":
                missing.discard(told["actor"])
        return url

    def next_line(self, *, wanted):
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except Empty:
            line = None
        assert line is not None, f"there was no {wanted!r}:\n" + "\n".join(self._seen)
        self._seen.append(line)
        return line

    def end(self, number=signal.SIGINT):
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self.process.stderr.close()
        assert not psutil.wait_procs(family, timeout=PATIENCE_S)[1], "children are left"
        return code


@pytest.fixture
def dev(project):
    """Start ``compozy dev``; one that the test did not end is killed, and counts as an error."""
    started = []

    def start():
        started.append(Dev(project))
        return started[-1]

    yield start
    left = [each for each in started if each.process.poll() is None]
    for each in left:
        each.end(signal.SIGKILL)
    assert not left, "a test must end what it starts"


def workflows(url):
    return {each["id"] for each in httpx.get(f"{url}/api/v0/workflows").json()["workflows"]}


def test_valid_change_restarts_the_server_and_a_wrong_one_leaves_it_alone(dev, project):
    running = dev()
    first = running.wait_served()
    before = workflows(first)

    (project / "workflows" / "new.yaml").write_text("id: new\ntasks: [{id: a, tool: nope}]\n")
    running.wait_line("workflows/new.yaml added")
    problem = running.wait_line("error:")
    running.wait_line("the running server is left as it is")
    tools = (project / "tools.py").read_text()
    (project / "tools.py").write_text("def half(:\n")
    no_python = running.wait_line("tools.py:1: ")
    running.wait_line("the running server is left as it is")
    meanwhile = workflows(first)

    (project / "tools.py").write_text(tools)
    (project / "workflows" / "new.yaml").write_text("id: new\ntools: [{id: echo}]\ntasks: [{id: a, tool: echo}]\n")
    running.wait_line("workflows/new.yaml modified")
    second = running.wait_served()

    assert "workflows/new.yaml:2" in problem
    assert "it is no Python: " in no_python
    assert meanwhile == before
    assert workflows(second) == {*before, "new"}
    assert running.end() == 0


def test_project_that_is_wrong_or_whose_server_ends_by_itself_is_served_once_it_is_right(dev, project):
    good = (project / "compozy.yaml").read_text()
    (project / "compozy.yaml").write_text(good.replace("mode: standalone", "mode: sometimes"))
    tools = (project / "tools.py").read_text()
    (project / "tools.py").write_text("1 / 0\n")
    running = dev()
    problem = running.wait_line("error:")
    running.wait_line("waiting for a change")

    (project / "compozy.yaml").write_text(good.replace("mode: standalone\n", ""))
    running.wait_line("ZeroDivisionError")
    running.wait_line("the server ended by itself with exit code 2")
    running.wait_line("waiting for a change")

    (project / "tools.py").write_text(tools)
    url = running.wait_served()

    assert "compozy.yaml:2: mode: " in problem
    assert httpx.get(f"{url}/readyz").json()["ready"] is True
    assert running.end(signal.SIGTERM) == 0


def test_nothing_of_it_outlives_a_kill(dev):
    running = dev()
    running.wait_served()
    family = psutil.Process(running.process.pid).children(recursive=True)

    os.kill(running.process.pid, signal.SIGKILL)

    assert len(family) >= 2
    assert not psutil.wait_procs(family, timeout=PATIENCE_S)[1]
    running.process.wait(PATIENCE_S)
    running._reader.join(PATIENCE_S)
    running.process.stderr.close()
