"""The workflows of the guide to events wait for what it tells, and are started by it."""

import json
import re
from datetime import UTC, datetime

import pytest
import trio

from compozy.app import Options, open_runtime
from compozy.config.yaml_files import parse_yaml
from compozy.domain.statuses import Status
from compozy.domain.work import Signal

PATIENCE_S = 40

pytestmark = pytest.mark.slow


@pytest.fixture
async def app(guide, tmp_path):
    """The runtime of a project that has the workflows of the guide and its tools."""
    page = guide("how-to/signals")
    (tmp_path / "workflows").mkdir()
    for block in page.blocks("yaml"):
        shown = parse_yaml(block.encode(), file=page.name).data
        if {"id", "tasks"} <= shown.keys():
            (tmp_path / "workflows" / f"{shown['id']}.yaml").write_text(block)
    (tmp_path / "tools.py").write_text("\n".join(page.blocks("python")))
    project = {
        "name": "events",
        "mode": "standalone",
        "workflows": [{"source": "workflows/*.yaml"}],
        "runtime": {"entrypoint": "tools.py"},
    }
    (tmp_path / "compozy.yaml").write_text(json.dumps(project))
    with trio.fail_after(2 * PATIENCE_S):
        async with open_runtime(Options(path=tmp_path, environ={})) as runtime:
            yield runtime


@pytest.fixture
def tell(guide, app):
    """Return a function that tells the event of this name as the guide does."""
    sent = re.findall(r"-d '(\{\"name\".*?\})'", guide("how-to/signals").text)
    events = {each["name"]: each for each in map(json.loads, sent)}

    async def tell(name, **payload):
        payload = payload or events[name]["payload"]
        return await app.events.tell(Signal(name=name, payload=payload, event_id=name, at=datetime.now(UTC)))

    return tell


@pytest.fixture
def waiting(app):
    """Return a function that starts an execution, calls something once it waits, and returns its output."""

    async def run(workflow_id, given, then):
        state = await app.executions.start(workflow_id, given)
        with trio.fail_after(PATIENCE_S):
            async with app.executions.watch(state.exec_id) as changes:
                found = await app.executions.get(state.exec_id)
                if not any(task.status is Status.WAITING for task in found.tasks):
                    async for change in changes:
                        if change.status is Status.WAITING:
                            break
                await then()
                async for change in changes:
                    if change.ends_execution:
                        break
        return (await app.executions.get(state.exec_id)).workflow.output

    return run


async def test_what_waits_goes_on_with_the_event_however_it_is_told_and_another_event_starts_a_workflow(
    app, tell, waiting
):
    async def over_the_api():
        assert (await tell("refund-approved-17")).delivered == 1

    async def by_a_workflow():
        assert await app.run("approve", {"order": 18, "clerk": "Bob"}) == {"told": 1}

    assert await waiting("refund", {"order": 17}, over_the_api) == {"paid": "as Ada said"}
    assert await waiting("refund", {"order": 18}, by_a_workflow) == {"paid": "as Bob said"}

    told = await tell("order-paid", order=17)
    [exec_id] = told.started
    with trio.fail_after(PATIENCE_S):
        async with app.executions.watch(exec_id) as changes:
            if not (await app.executions.state_of(exec_id)).status.is_terminal:
                async for change in changes:
                    if change.ends_execution:
                        break
    assert (await app.executions.state_of(exec_id)).output == {"text": "order-paid: thank you for order 17"}
