"""``compozy run`` as people and scripts use it: real processes, a real Temporal server."""

import json
import os
import pty
import random
import re
import select
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PATIENCE_S = 30
RUN = [sys.executable, "-m", "compozy", "run"]


class Program:
    """A command in a process group of its own, with pipes for stdout and stderr."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )
        self._family = []

    def signal(self, number):
        self._family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)

    def wait(self):
        """Return exit code, stdout and stderr, having made sure that no child outlived the command."""
        stdout, stderr = self.process.communicate(timeout=PATIENCE_S)
        assert not psutil.wait_procs(self._family, timeout=PATIENCE_S)[1], "children are left"
        return self.process.returncode, stdout, stderr


@pytest.fixture
def start():
    """Start commands; one that the test did not bring to its end is killed, and counts as an error."""
    programs = []

    def start(*command):
        programs.append(Program(*command))
        return programs[-1]

    yield start
    left = [program for program in programs if program.process.poll() is None]
    for program in left:
        program.signal(signal.SIGKILL)
        program.wait()
    assert not left, "a test must end its programs"


def test_first_steps_of_the_help_work_as_they_stand_and_leave_no_process(start, tmp_path):
    folder = tmp_path / "first"
    written = start(sys.executable, "-m", "compozy", "init", folder).wait()
    code, stdout, stderr = start(*RUN, "hello", "--input", "name=Ada", "--config", folder).wait()

    assert written[0] == 0
    # stdout is the output alone, stderr the progress
    assert (code, json.loads(stdout)) == (0, {"greeting": "Hello, Ada!", "letters": 8})
    assert stderr.startswith("execution ")
    assert [line.split(" in ")[0] for line in stderr.splitlines() if "RUNNING" not in line][1:] == [
        "  greeting SUCCESS",
        "  letters SUCCESS",
        "SUCCESS",
    ]
    assert not [each.pid for each in psutil.process_iter(["cmdline"]) if str(folder) in str(each.info["cmdline"])]


def test_failed_execution_exits_1_with_the_reason_and_no_output(start, project):
    with socket.socket() as closed:  # bound, not listening: the tool cannot connect
        closed.bind(("127.0.0.1", 0))
        code, stdout, stderr = start(*RUN, "gated", "-c", project, "-i", f"port={closed.getsockname()[1]}").wait()

    assert (code, stdout) == (1, "")
    assert "  work FAILED" in stderr
    assert stderr.splitlines()[-1].startswith("error: workflow 'gated' ended FAILED: ")
    assert "ConnectionRefusedError" in stderr


def test_a_large_collection_is_told_in_few_lines_and_each_failure_with_its_reason(start, project):
    code, stdout, stderr = start(*RUN, "doubling", "-c", project, "-i", "count=1000").wait()

    assert (code, json.loads(stdout)) == (0, {"failed": 4})
    lines = [line for line in stderr.splitlines() if not re.match(r"  each: [0-9].* [0-9]+/s$", line)]
    assert re.sub(r"[0-9.]+ s\b", "T s", "\n".join(lines[1:])).splitlines() == [
        "  each RUNNING",
        *(f"    double-{n} FAILED in T s: tool 'double' raised ValueError: cannot double {n}" for n in numbers(stderr)),
        f"  each SUCCESS in T s: 996 done, 4 failed, {re.search('([0-9]+)/s$', lines[6])[1]}/s",
        "  never SUCCESS in T s: skipped: its condition is false",
        "SUCCESS in T s",
    ]
    assert sorted(numbers(stderr)) == [250, 500, 750, 1000]
    assert len(stderr.splitlines()) < PATIENCE_S


def numbers(text):
    """Return the numbers that could not be doubled, in the order in which that was told."""
    return [int(number) for number in re.findall(r"double-([0-9]+) FAILED", text)]


def test_interrupted_run_stops_in_order_and_its_execution_goes_on_when_served(start, start_server, project, gate):
    ended = []
    for number in (signal.SIGINT, signal.SIGTERM):
        program = start(*RUN, "gated", "-c", project, "-i", f"port={gate.port}")
        with ExitStack() as visitors:
            for _ in range(len(ended) + 1):  # those that were interrupted before go on, too
                visitors.enter_context(gate.visitor())
            program.signal(number)
            ended.append(program.wait())
    exec_ids = [stderr.split()[1] for _, _, stderr in ended]
    server = start_server()
    with server.wait_ready() as client:
        with gate.visitor() as let_one_go, gate.visitor() as let_other_go:
            let_one_go("later")
            let_other_go("later")
        paths = [f"/api/v0/executions/workflows/{exec_id}" for exec_id in exec_ids]
        followed = [client.get(f"{path}/events", timeout=PATIENCE_S) for path in paths]
        executions = [client.get(path).json() for path in paths]
    server.signal(signal.SIGTERM)

    assert server.wait_ended() == 0
    for (code, stdout, stderr), exec_id in zip(ended, exec_ids, strict=True):
        assert (code, stdout) == (130, "")
        assert f"interrupted; execution {exec_id} goes on when the runtime is started again" in stderr
    assert [answer.status_code for answer in followed] == [200, 200]
    assert [(each["status"], each["output"]) for each in executions] == [("SUCCESS", {"text": "later"})] * 2


def test_run_that_is_out_of_patience_exits_1_and_says_what_goes_on(start, project, gate):
    # The tool may report at the gate or not have got that far.
    code, stdout, stderr = start(*RUN, "gated", "-c", project, "-i", f"port={gate.port}", "--timeout", "200ms").wait()

    assert (code, stdout) == (1, "")
    assert "error: no end within 0.2 s; execution " in stderr
    assert "goes on when the runtime is started again" in stderr


def test_folder_in_use_is_refused_with_both_ways_out_and_each_works(start, start_server, project, tmp_path):
    (tmp_path / "input.json").write_text('{"text": "from the file"}')
    server = start_server()
    with server.wait_ready() as client:
        refused = start(*RUN, "echo", "-c", project, "-i", "text=hi").wait()
        beside = start(*RUN, "echo", "-c", project, "--input-file", tmp_path / "input.json", "--temporary").wait()
        within = start(*RUN, "echo", "-i", "text=hi", "--server", client.base_url).wait()
        listed = client.get("/api/v0/executions/workflows").json()["executions"]
        status = start(sys.executable, "-m", "compozy", "status", "--server", client.base_url, "-o", "json").wait()
    server.signal(signal.SIGTERM)

    assert server.wait_ended() == 0
    assert (refused[0], refused[1]) == (3, "")
    assert f"in use by process {server.process.pid}" in refused[2]
    assert "name its address (its log has it) with --server" in refused[2]
    assert "--temporary" in refused[2]
    assert (beside[0], json.loads(beside[1])) == (0, {"text": "from the file"})
    assert (within[0], json.loads(within[1])) == (0, {"text": "hi"})
    assert [execution["exec_id"] for execution in listed] == [within[2].split()[1]]
    assert (status[0], json.loads(status[1])["ready"]) == (0, True)
    [worker] = json.loads(status[1])["workers"]
    assert (worker["state"], worker["pid"], worker["same_project"]) == ("live", server.process.pid, True)


def test_remote_run_outlives_a_crash_of_its_server(start, start_server, gate):
    port = port_to_come_back_to()
    first = start_server("--port", str(port))
    with first.wait_ready():
        program = start(*RUN, "gated", "--server", f"127.0.0.1:{port}", "-i", f"port={gate.port}")
        with gate.visitor():
            first.signal(signal.SIGKILL)
            first.wait_ended()
    second = start_server("--port", str(port))
    with second.wait_ready(), gate.visitor() as let_go:
        let_go("after the crash")
        code, stdout, _ = program.wait()
    second.signal(signal.SIGTERM)

    assert second.wait_ended() == 0
    assert (code, json.loads(stdout)) == (0, {"text": "after the crash"})


def test_terminal_gets_a_live_picture_and_a_table(project):
    with terminal(*RUN, "echo", "-c", project, "-i", "text=hi") as (read_all, process):
        shown = read_all()

    assert process.returncode == 0
    assert "starting" in shown
    assert "\x1b[2K" in shown  # a line drawn over
    assert "✓" in shown
    assert shown.rstrip().splitlines()[-1].split("\x1b[0m")[-1].split() == ["hi"]


def port_to_come_back_to():
    """Return a free port below those that systems give to connections: nobody else gets it while the server is down."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - keeps no secret
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def terminal(*command):
    """Run a command in a terminal of its own; yield what reads all that it shows, and the process."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)

    def read_all():
        shown = b""
        while select.select([ours], [], [], PATIENCE_S)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how Linux says that the other side has been closed
                break
            if not part:
                break
            shown += part
        return shown.decode()

    try:
        yield read_all, process
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
