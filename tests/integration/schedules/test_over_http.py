"""The schedules of the example, as a server shows them and as the commands do."""

import json
import re
import shutil
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
import trio
from click.testing import CliRunner

from compozy.app import Options, open_runtime
from compozy.cli.main import cli

pytestmark = pytest.mark.slow

PATH = "/api/v0/schedules"


@pytest.fixture
async def url(tmp_path, pytestconfig):
    """The address of a server of the example whose ``watch`` is never due, and which reports about itself."""
    project = tmp_path / "schedules"
    shutil.copytree(pytestconfig.rootpath / "examples" / "schedules", project, ignore=shutil.ignore_patterns(".*"))
    watch = project / "workflows" / "watch.yaml"
    watch.write_text(watch.read_text().replace("@every 10s", "@every 1000d"))
    options = Options(path=project, environ={}, flags={"server.port": 0})
    async with open_runtime(options, serves_http=True) as app:
        yield app.tree["http"].get().url


@pytest.fixture
def compozy(url):
    """Return a function that runs a command of ``compozy schedules`` against the server."""

    async def run(*args):
        command = ["schedules", *args, "--server", url]
        return await trio.to_thread.run_sync(partial(CliRunner().invoke, cli, command))

    return run


async def in_force(client, workflow_id):
    """Return a schedule once the worker has put it in force, of which nobody tells."""
    with trio.fail_after(10):
        while (found := (await client.get(f"{PATH}/{workflow_id}")).json())["state"] == "absent":  # noqa: ASYNC110 - see above
            await trio.sleep(0.02)
    return found


async def test_a_schedule_is_listed_paused_run_and_resumed(url, compozy):
    async with httpx.AsyncClient(base_url=url) as client:
        nightly = await in_force(client, "nightly")
        listed = (await client.get(PATH)).json()["schedules"]
        begin = datetime.now(UTC).replace(microsecond=0)
        paused = (await client.post(f"{PATH}/nightly/pause", json={"note": "the shop is closed"})).json()
        run = await client.post(f"{PATH}/watch/run", json={})
        lost = await client.post(f"{PATH}/nigthly/run", json={})
        with trio.fail_after(10):
            while not (recent := (await client.get(f"{PATH}/watch")).json()["recent"]):  # noqa: ASYNC110 - nobody tells of it
                await trio.sleep(0.02)
        exec_id = recent[0]["exec_id"]
        async with client.stream("GET", f"/api/v0/executions/workflows/{exec_id}/events") as events:
            async for _ in events.aiter_lines():
                pass
        execution = (await client.get(f"/api/v0/executions/workflows/{exec_id}")).json()
        table = await compozy("list", "-o", "table")
        resumed = await compozy("resume", "nightly")
        missing = await compozy("run", "nigthly")

        assert [each["workflow_id"] for each in listed] == ["nightly", "watch"]
        assert {
            "state": "active",
            "cron": "30 4 * * TUE-SAT",
            "jitter_s": 300.0,
            "differs": False,
        }.items() <= nightly.items()
        assert len(nightly["next_times"]) == 5
        assert (paused["state"], paused["note"], paused["next_times"]) == ("paused", "the shop is closed", [])
        assert datetime.fromisoformat(paused["paused_at"]) >= begin
        assert nightly["paused_at"] is None
        assert (run.status_code, run.json()["workflow_id"]) == (202, "watch")
        assert lost.status_code == 404
        assert "did you mean 'nightly'" in lost.json()["detail"]
        assert (execution["status"], execution["output"]) == ("SUCCESS", {"seen": "all is well in Lisbon"})
        assert exec_id.startswith("schedules.watch-")
        assert [line.split()[0] for line in table.stdout.splitlines()[:4:3]] == ["workflow", "watch"]
        assert re.search(r"nightly: paused .* ago: the shop is closed", table.stdout)
        assert (resumed.exit_code, json.loads(resumed.stdout)["state"]) == (0, "active")
        assert len(json.loads(resumed.stdout)["next_times"]) == 5
        assert missing.exit_code == 2
        assert "did you mean 'nightly'" in missing.stderr
