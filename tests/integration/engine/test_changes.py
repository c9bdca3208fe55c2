"""Where executions go another way than those did that began before a change.

``changes-before`` among the histories that the tests keep is the same workflow under the program that had none of them.
"""

from itertools import pairwise

import pytest

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

SKIPPED = {"id": "skipped", "tool": "echo", "condition": "false"}
FAILS = {"id": "fails", "tool": "fail"}
NAMED_IN = "tasks.canceled.children.inner.children.done.status == 'SUCCESS'"

# One after the other, each with a task that runs only when the one before it went the new way.
STEPS = [
    {
        "id": "env",
        "type": "parallel",
        "env": {"WHO": "ada"},
        "tasks": [{"id": "env-seen", "tool": "echo", "condition": "has(env.WHO)"}],
    },
    {
        "id": "text",
        "tool": "echo",
        "env": {"N": "{{ .workflow.input.n }}"},
        "with": {"n": "{{ .env.N }}"},
        "condition": "with.n == '5'",
    },
    {
        "id": "race",
        "type": "parallel",
        "strategy": "race",
        "max_workers": 1,
        "tasks": [SKIPPED, {"id": "race-won", "tool": "echo"}],
    },
    {"id": "effort", "type": "parallel", "strategy": "best_effort", "tasks": [SKIPPED, FAILS]},
    {"id": "effort-failed", "tool": "echo", "condition": "tasks.effort.status == 'FAILED'"},
    {
        "id": "canceled",
        "type": "parallel",
        "strategy": "race",
        "tasks": [
            {
                "id": "inner",
                "type": "composite",
                "tasks": [{"id": "done", "tool": "echo"}, {"id": "hangs", "tool": "hang", "with": {"name": "one"}}],
            },
            {"id": "wins", "tool": "nap", "with": {"seconds": 0.1}},
        ],
    },
    {
        "id": "canceled-seen",
        "tool": "echo",
        "condition": f"has(tasks.canceled.children.inner.children.done) && {NAMED_IN}",
    },
    {
        "id": "each",
        "type": "collection",
        "collection": {"items": {"k-10": 1, "k-2": 2}, "mode": "sequential"},
        "tasks": [{"id": "{{ .item.key }}", "tool": "echo"}],
    },
    {"id": "said", "type": "signal", "signal": {"name": "{{ .workflow.input.n }}", "payload": {}}},
    {"id": "said-well", "tool": "echo", "condition": "tasks.said.status == 'SUCCESS'"},
    {
        "id": "many",
        "type": "collection",
        "strategy": "best_effort",
        "collection": {"items": "1..21"},
        "tasks": [{"id": "m{{ .index }}", "type": "aggregate", "outputs": {"n": "{{ .input.nobody }}"}}],
    },
    {"id": "many-told", "tool": "echo", "condition": "size(tasks.many.error.details.children) == 20"},
    {"id": "route", "type": "router", "router": {"expression": "null", "routes": {"null": "route-shown"}}},
    {"id": "route-shown", "tool": "echo", "condition": "tasks.route.output.condition == 'null'"},
]
TASKS = [
    {**step, "on_success": {"next": after["id"]}, "on_error": {"next": after["id"]}} for step, after in pairwise(STEPS)
] + STEPS[-1:]


async def test_what_has_changed_goes_the_new_way_and_replays(program):
    execution = await program.run(TASKS, {"n": 5})

    told = {task.task_id: task for task in execution.tasks}
    guards = ["env-seen", "text", "race-won", "effort-failed", "canceled-seen", "said-well", "many-told", "route-shown"]
    assert [guard for guard in guards if told[guard].status is not Status.SUCCESS] == []
    assert [guard for guard in guards if told[guard].output == {"skipped": True}] == []
    assert list(told["each"].output["outputs"]) == ["k-2", "k-10"]
    await program.replay(execution.workflow.exec_id, keep_as="changes")
