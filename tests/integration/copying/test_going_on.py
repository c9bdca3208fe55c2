"""An execution that has not ended goes on from the copy, with the large values that it works with."""

import json
from datetime import UTC, datetime

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.domain.statuses import Status
from compozy.domain.work import Signal

pytestmark = pytest.mark.slow

PATIENCE_S = 30
ROWS = 5000
"""As JSON more than 128 KiB, above which a value is kept in the store."""

PROJECT = {
    "name": "moving",
    "mode": "standalone",
    "workflows": [{"source": "report.yaml"}],
    "runtime": {"entrypoint": "tools.py"},
    "tools": [{"id": "fetch_rows"}, {"id": "count_rows"}],
}
WORKFLOW = """
id: report
tasks:
  - { id: rows, tool: fetch_rows, with: { count: "{{ .workflow.input.count }}" }, on_success: { next: moved } }
  - { id: moved, type: wait, wait_for: moved, on_success: { next: count } }
  - { id: count, tool: count_rows, with: { rows: "{{ .tasks.rows.output.rows }}" } }
outputs: { count: "{{ .tasks.count.output.count }}" }
"""
TOOLS = """
def fetch_rows(input):
    return {"rows": [f"row {number} {'x' * 50}" for number in range(input["count"])]}


def count_rows(input):
    return {"count": len(input["rows"])}
"""


@pytest.fixture
def project(tmp_path):
    """A project whose workflow gets large rows, waits for an event, and counts them."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "compozy.yaml").write_text(json.dumps(PROJECT))
    (folder / "report.yaml").write_text(WORKFLOW)
    (folder / "tools.py").write_text(TOOLS)
    return folder


async def begin(options):
    """Start an execution and return its identifier once it waits."""
    with trio.fail_after(PATIENCE_S):
        async with open_runtime(options) as app:
            state = await app.executions.start("report", {"count": ROWS})
            async with app.executions.watch(state.exec_id) as changes:
                if (await app.executions.state_of(state.exec_id)).status is not Status.PAUSED:
                    async for change in changes:
                        if change.status is Status.PAUSED:
                            break
            return state.exec_id


async def end(options, exec_id):
    """Let the execution go on and return how it ended."""
    with trio.fail_after(PATIENCE_S):
        async with open_runtime(options) as app, app.executions.watch(exec_id) as changes:
            await app.events.tell(Signal(name="moved", payload={}, event_id="moved", at=datetime.now(UTC)))
            async for change in changes:
                if change.ends_execution:
                    break
            return await app.executions.state_of(exec_id)


def test_an_execution_that_waits_is_moved_with_its_large_values_and_goes_on(project, postgres, copy):
    target = postgres()
    exec_id = trio.run(begin, Options(path=project, environ={}))

    result = copy(f"sqlite:{project}/.compozy/compozy.db", target, "--verify", "-o", "json")
    for file in (project / ".compozy").glob("compozy.db*"):
        file.unlink()
    moved = Options(path=project, environ={}, flags={"database.driver": "postgres", "database.url": target})
    ended = trio.run(end, moved, exec_id)

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["kinds"]["payloads"]["copied"] >= 1
    assert (ended.status, ended.output) == (Status.SUCCESS, {"count": ROWS})
