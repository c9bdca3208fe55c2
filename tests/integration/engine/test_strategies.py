"""The strategy table, row by row, for each kind of container, on a real Temporal server."""

import pytest
import trio

from compozy.domain.statuses import Status

pytestmark = pytest.mark.slow

S, F, C = Status.SUCCESS, Status.FAILED, Status.CANCELED
GOOD, BAD = "good", "bad"

# The strategy, the children in order; how the container ends, and how its children do when they run one by one.
ROWS = [
    ("wait_all", [], S, []),
    ("wait_all", [GOOD, GOOD], S, [S, S]),
    ("wait_all", [GOOD, BAD, GOOD], F, [S, F, S]),
    ("fail_fast", [], S, []),
    ("fail_fast", [GOOD, GOOD], S, [S, S]),
    ("fail_fast", [GOOD, BAD, GOOD], F, [S, F, C]),
    ("best_effort", [], S, []),
    ("best_effort", [BAD, GOOD, BAD], S, [F, S, F]),
    ("best_effort", [BAD, BAD], F, [F, F]),
    ("race", [], S, []),
    ("race", [BAD, GOOD, GOOD], S, [F, S, C]),
    ("race", [BAD, BAD], F, [F, F]),
]


def child_of(word, number):
    return {"id": f"c{number}", "tool": {GOOD: "echo", BAD: "fail"}[word]}


def parallel(strategy, words):
    children = [child_of(word, number) for number, word in enumerate(words)]
    return {"id": "all", "type": "parallel", "strategy": strategy, "max_workers": 1, "tasks": children}


def composite(strategy, words):
    return {**parallel(strategy, words), "type": "composite", "max_workers": None}


def collection(strategy, words):
    # A child that is a composite of one task, which fails where the item says so.
    child = {
        "id": "c{{ .index }}",
        "type": "composite",
        "strategy": "fail_fast",
        "tasks": [
            {"id": "maybe", "tool": "fail", "condition": "item == 'bad'"},
        ],
    }
    return {
        "id": "all",
        "type": "collection",
        "strategy": strategy,
        "collection": {"items": words, "mode": "sequential"},
        "tasks": [child],
    }


async def test_containers_end_as_the_table_says(program, subtests):
    ended = {}

    async def run(kind, row):
        strategy, words, _, _ = ROWS[row]
        ended[kind, row] = await program.run([kind(strategy, words)])

    async with trio.open_nursery() as nursery:
        for kind in (parallel, composite, collection):
            for row in range(len(ROWS)):
                nursery.start_soon(run, kind, row)

    for (kind, row), execution in ended.items():
        strategy, words, status, children = ROWS[row]
        with subtests.test(kind=kind.__name__, strategy=strategy, words=words):
            container, *_ = execution.tasks
            by_id = {task.task_id: task for task in execution.tasks if task.parent_id == container.task_exec_id}
            info = container.output["progress_info"]

            assert execution.workflow.status is container.status is status
            assert [by_id[f"c{number}"].status for number in range(len(words))] == children
            # A tool that failed has none; a container has one even if nothing in it has begun.
            with_output = [number for number, child in enumerate(children) if child is S or kind is collection]
            assert list(container.output["outputs"]) == [f"c{number}" for number in with_output]
            assert (container.error is None) == (status is S)
            assert info == {
                "total_children": len(words),
                "success_count": children.count(S),
                "failed_count": children.count(F),
                "canceled_count": children.count(C),
                "timed_out_count": 0,
                "completion_rate": children.count(S) / len(words) if words else 1.0,
                "failure_rate": children.count(F) / len(words) if words else 0.0,
                "overall_status": status,
            }
