"""A server whose tools run in pooled worker processes is killed: none of them stays, and the execution goes on."""

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import attrs
import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PATIENCE_S = 30
PROJECT = """
name: pooled
mode: standalone
server: { port: 0 }
workflows: [ { source: "*.workflow.yaml" } ]
runtime: { type: TYPE, entrypoint: tools.ts, permissions: PERMISSIONS }
tools: [ { id: gate } ]
"""
WORKFLOW = """
id: doors
tasks:
  - id: both
    type: parallel
    tasks:
      - id: long
        tool: gate
        timeout: 60s # declared and long: a queued activity with heartbeats
        with: { port: "{{ .workflow.input.port }}" }
      - id: short
        tool: gate
        with: { port: "{{ .workflow.input.port }}" }
outputs:
  long: "{{ .tasks.both.output.long.output.answer }}"
  short: "{{ .tasks.both.output.short.output.answer }}"
"""
TOOLS = """
import { connect } from "node:net";

/** Report that the work began, and end when the test answers. */
export function gate(input: { port: number }): Promise<{ answer: string }> {
  return new Promise((resolve, reject) => {
    const test = connect(input.port, "127.0.0.1", () => test.write("here\\n"));
    test.once("data", (answer) => {
      test.destroy();
      resolve({ answer: answer.toString().trim() });
    });
    test.once("error", reject);
    test.once("close", () => reject(new Error("the test has gone")));
  });
}
"""


@pytest.fixture
def write_project(tmp_path):
    """Return a function that writes a project whose tools need a program, and returns its folder."""

    def write(program, permissions):
        folder = tmp_path / program
        folder.mkdir()
        (folder / "compozy.yaml").write_text(PROJECT.replace("TYPE", program).replace("PERMISSIONS", permissions))
        (folder / "doors.workflow.yaml").write_text(WORKFLOW)
        (folder / "tools.ts").write_text(TOOLS)
        return folder

    return write


@attrs.frozen
class Crash:
    """What was seen of a server that was killed, and of the next one.

    Attributes:
        workers: The worker processes while the tools waited.
        left: Processes of the killed server that were alive afterwards.
        ended: The execution at its end.
    """

    workers: list[psutil.Process]
    left: list[psutil.Process]
    ended: dict


@pytest.fixture
def crash_and_go_on(start_servers_of, write_project, make_gate):
    """Return a function that kills a server while two of its tools wait, and lets them end in the next one."""

    def run(program, permissions):
        start, gate = start_servers_of(write_project(program, permissions)), make_gate()
        first = start()
        with first.wait_ready() as client, ExitStack() as visitors:
            answer = client.post("/api/v0/workflows/doors/executions", json={"input": {"port": gate.port}})
            path = f"/api/v0/executions/workflows/{answer.json()['exec_id']}"
            for _ in range(2):
                visitors.enter_context(gate.visitor())
            family = first.children()
            workers = [process for process in family if Path(process.exe()).name == program]
            first.signal(signal.SIGKILL)
            first.wait_ended()
            left = psutil.wait_procs(family, timeout=PATIENCE_S)[1]
        second = start()
        with second.wait_ready() as client:
            for _ in range(2):
                with gate.visitor() as let_go:
                    let_go("after the crash")
            client.get(f"{path}/events")
            ended = client.get(path).json()
        second.signal(signal.SIGTERM)
        assert second.wait_ended() == 0
        return Crash(workers, left, ended)

    return run


def test_no_worker_process_outlives_a_killed_server_and_its_execution_goes_on_in_the_next(crash_and_go_on):
    # Both at once: what takes time is waiting.
    with ThreadPoolExecutor() as threads:
        crashes = list(threads.map(crash_and_go_on, ["deno", "node"], ['["--allow-net=127.0.0.1"]', "[]"]))

    for each in crashes:
        assert len(each.workers) >= 2
        assert each.left == []
        assert each.ended["status"] == "SUCCESS"
        assert each.ended["output"] == {"long": "after the crash", "short": "after the crash"}
