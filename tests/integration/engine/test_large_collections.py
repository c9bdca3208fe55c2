"""Collections that are too large for one history: nobody can tell that they are run in parts."""

from datetime import UTC, datetime

import pytest
import trio

from compozy.domain.statuses import Status
from compozy.domain.work import PAUSE, RESUME, SIGNAL, Signal
from compozy.worker.interpreter.chunks import MOST_RUNS

pytestmark = pytest.mark.slow

MORE = 10
TOTAL = MOST_RUNS + MORE
S, F, C = Status.SUCCESS, Status.FAILED, Status.CANCELED


def collection(child, **rest):
    """Return a collection of more items than one workflow runs."""
    return {
        "id": "each",
        "type": "collection",
        "collection": {"items": f"1..{TOTAL}", **rest.pop("collection", {})},
        "tasks": [{"id": "c{{ .index }}", **child}],
        **rest,
    }


def succeeds_if(condition):
    """Return a child without a tool of its own, which fails unless the template of a condition holds."""
    template = f"{{{{ if {condition} }}}}{{{{ .item }}}}{{{{ else }}}}{{{{ .no.such }}}}{{{{ end }}}}"
    return {"type": "aggregate", "outputs": {"n": template}}


def heavy(condition):
    """Return a child that is taken to run so many tasks that it has a part of its own, and runs none.

    It fails unless the template of a condition holds.
    """
    inside = [{"id": f"t{number}", "type": "aggregate"} for number in range(MOST_RUNS // 10)]
    items = f"{{{{ if {condition} }}}}[]{{{{ else }}}}{{{{ .no.such }}}}{{{{ end }}}}"
    inner = {"id": "never", "type": "parallel", "tasks": inside}
    return {"type": "collection", "collection": {"items": items}, "tasks": [inner]}


def counts_of(execution, *, total=TOTAL):
    container = execution.tasks[0]
    info = container.output["progress_info"]
    statuses = [task.status for task in execution.tasks if task.parent_id == container.task_exec_id]
    counts = (info["success_count"], info["failed_count"], info["canceled_count"])
    # What the container says of its children and what their rows say is the same.
    assert counts == (statuses.count(S), statuses.count(F), statuses.count(C))
    assert len(statuses) == info["total_children"] == total
    return container.status, *counts


@pytest.mark.parametrize(
    ("strategy", "condition", "expected", "parts"),
    [
        ("wait_all", "ne .item 2", (F, 3, 1, 0), 4),
        ("best_effort", "gt .item 3", (S, 1, 3, 0), 4),
        ("best_effort", "false", (F, 0, 4, 0), 4),
        ("race", "gt .item 2", (S, 1, 2, 1), 3),
        ("race", "false", (F, 0, 4, 0), 4),
        ("fail_fast", "ne .item 2", (F, 1, 1, 2), 2),
        ("fail_fast", "true", (S, 4, 0, 0), 4),
    ],
)
async def test_a_strategy_holds_over_all_parts(program, strategy, condition, expected, parts):
    tasks = [collection(heavy(condition), strategy=strategy, collection={"items": "1..4"})]

    execution = await program.run(tasks)

    assert counts_of(execution, total=4) == expected
    exec_id = execution.workflow.exec_id
    for workflow_id in (exec_id, *(f"{exec_id}/each/{number}" for number in range(1, parts + 1))):
        await program.replay(workflow_id)


@pytest.mark.parametrize("strategy", ["race", "best_effort"])
async def test_skipped_children_decide_nothing_in_any_part(program, strategy):
    child = {"condition": f"item == {TOTAL}", "type": "aggregate", "outputs": {"n": "{{ .no.such }}"}}

    execution = await program.run([collection(child, strategy=strategy)])

    assert counts_of(execution) == (F, TOTAL - 1, 1, 0)


async def test_a_canceled_container_in_a_part_shows_which_of_its_children_ended(program, stage):
    done = {"id": "done", "tool": "echo", "with": {"n": "{{ .item }}"}}
    hangs = {"id": "hangs", "tool": "hang", "with": {"name": "two"}}
    child = {"type": "composite", "condition": "item == 2", "tasks": [done, hangs]}
    shown = "{{ .tasks.each.children.c1.children.done.output.n }} {{ .tasks.each.children.c1.children.hangs.status }}"
    tasks = [
        collection(child, timeout=0.5, on_error={"next": "after"}),
        {"id": "after", "type": "aggregate", "outputs": {"shown": shown}},
    ]

    execution = await program.run(tasks)

    assert stage.stopped == ["two"]
    assert execution.workflow.output["after"] == {"output": {"shown": "2 CANCELED"}}
    for workflow_id in ("", "/each/1"):
        await program.replay(f"{execution.workflow.exec_id}{workflow_id}")


async def test_children_in_parts_see_what_all_children_see(program):
    child = {
        "type": "aggregate",
        "outputs": {
            "sum": "{{ add .item .tasks.first.output.n .workflow.input.n .parent.input.n }}",
            "env": "{{ .env.KEY }}",
            "place": "{{ .place }}",
        },
    }
    tasks = [
        {"id": "first", "tool": "echo", "with": {"n": 100}, "on_success": {"next": "each"}},
        collection(child, **{"with": {"n": 10_000}, "collection": {"index_var": "place"}}),
    ]

    execution = await program.run(tasks, {"n": 1000, "padding": ["x"] * 1000}, env={"KEY": "v"})

    outputs = execution.tasks[1].output["outputs"]
    assert outputs["c0"] == {"sum": 11_101, "env": "v", "place": 0}
    assert outputs[f"c{TOTAL - 1}"] == {"sum": 11_100 + TOTAL, "env": "v", "place": TOTAL - 1}


async def test_what_an_execution_knows_does_not_travel_with_every_part(program):
    tasks = [collection(succeeds_if("true"))]

    execution = await program.run(tasks, {"padding": "x" * 100_000})

    part = await program.history(f"{execution.workflow.exec_id}/each/1")
    assert len(part.to_json()) < 100_000


async def test_items_of_another_attempt_run_in_parts_of_their_own(program):
    retry = {"initial_interval": 0.01, "maximum_attempts": 2}
    tasks = [collection(heavy("ne .item 1"), strategy="fail_fast", retry=retry, collection={"items": "1..2"})]

    execution = await program.run(tasks)

    assert execution.tasks[0].attempt == 2
    assert len(execution.tasks) == 1 + 2 * 2
    await program.replay(f"{execution.workflow.exec_id}/each@2/1")


async def test_a_collection_that_runs_out_of_time_knows_what_ended(program, stage):
    child = {"tool": "hang", "condition": "item == 2", "with": {"name": "two"}}

    execution = await program.run([collection(child, timeout=0.5)])

    assert counts_of(execution) == (Status.TIMED_OUT, MOST_RUNS - 1, 0, MORE + 1)
    assert stage.stopped == ["two"]


async def test_parts_pause_and_go_on_with_their_execution(program, stage):
    child = {"tool": "hang", "condition": "item == 1 || item == 2", "with": {"name": "{{ .item }}"}, "timeout": 60.0}
    async with program.begun([collection(child, max_workers=1)]) as (exec_id, ended):
        part = f"{exec_id}/each/1"
        await stage.wait_for(1)
        await program.signal(exec_id, PAUSE)
        await program.reaches(part, "workflow_execution_signaled")
        stage.gates[1].set()
        await program.reaches(part, "activity_task_completed")
        for _ in range(3):  # to no effect
            await program.history(part)
        with pytest.raises(trio.WouldBlock):
            stage.came.receive_nowait()

        await program.signal(exec_id, RESUME)
        await stage.wait_for(2)
        stage.gates[2].set()
        execution = await ended()

    assert counts_of(execution) == (S, TOTAL, 0, 0)
    for workflow_id in (exec_id, part):
        await program.replay(workflow_id)
    await program.replay(exec_id, keep_as="collection-that-was-paused")
    await program.replay(part, keep_as="part-that-was-paused")


async def test_a_wait_in_a_part_hears_what_its_execution_is_told(program):
    child = {"type": "wait", "wait": {"name": "go"}, "condition": "item == 1"}
    async with program.begun([collection(child)]) as (exec_id, ended):
        await program.reaches(f"{exec_id}/each/1", "marker_recorded")
        told = Signal(name="go", payload={"n": 1}, event_id="event", at=datetime.now(UTC))
        await program.signal(exec_id, SIGNAL, told)
        execution = await ended()

    assert counts_of(execution) == (S, TOTAL, 0, 0)
    [wait] = [task for task in execution.tasks if task.task_id == "c0"]
    assert wait.output["signal"]["payload"] == {"n": 1}


async def test_no_part_waits_for_the_sleep_of_a_child_that_was_skipped(program):
    child = {"tool": "echo", "condition": "1 > 2", "sleep": 3600.0}

    execution = await program.run([collection(child, collection={"mode": "sequential"})])

    assert counts_of(execution) == (S, TOTAL, 0, 0)
    await program.replay(execution.workflow.exec_id)
