"""What an execution has come to is put in order by its workflow, and seen as it was."""

from datetime import UTC, datetime

import pytest

from compozy.domain.codec import from_json
from compozy.domain.definitions import Project, TaskType, WorkflowDefinition
from compozy.domain.errors import InvalidError
from compozy.domain.executions import Failure, TaskState, WorkflowState
from compozy.domain.statuses import Status
from compozy.engine.repeating import check_task, earlier_views, in_order, runs_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROJECT = Project(name="shop", root="/nowhere")


def workflow(*tasks) -> WorkflowDefinition:
    return from_json({"id": "w", "tasks": tasks}, WorkflowDefinition)


def run(task_id, *, type_=TaskType.BASIC, status=Status.SUCCESS, parent=None, **rest) -> TaskState:
    return TaskState(
        task_exec_id=rest.pop("run_id", f"run-{task_id}"),
        task_id=task_id,
        type=type_,
        exec_id="e",
        workflow_id="w",
        parent_id=parent,
        status=status,
        input=rest.pop("input", {}),
        created_at=NOON,
        updated_at=NOON,
        **rest,
    )


def state(first_task) -> WorkflowState:
    at = {"created_at": NOON, "updated_at": NOON}
    return WorkflowState(
        exec_id="f", workflow_id="w", status=Status.PENDING, input={"n": 2}, first_task=first_task, **at
    )


CHAIN = workflow(
    {"id": "c"},
    {"id": "a", "on_success": {"next": "b"}, "outputs": {"twice": "{{ mul .output.n 2 }}"}},
    {
        "id": "b",
        "on_success": {"next": "c"},
        "on_error": {"next": "d"},
        "outputs": {"sum": "{{ add .tasks.a.output.twice .input.k }}"},
    },
    {"id": "d", "on_success": {"next": "c"}},
)


def test_a_task_comes_after_those_that_lead_to_it_however_they_are_written_down():
    router = {"id": "r", "type": "router", "router": {"expression": "input.x", "routes": {"x": "w", "y": "z"}}}
    wait = {"id": "w", "type": "wait", "wait": {"name": "n", "on_timeout": "late"}, "on_success": {"next": "z"}}
    ordered = in_order(workflow({"id": "late", "on_success": {"next": "z"}}, {"id": "z"}, wait, router))

    assert ordered == ["r", "w", "late", "z"]
    assert in_order(CHAIN) == ["a", "b", "d", "c"]


def test_runs_are_in_that_order_whatever_their_times_say():
    runs = runs_of(CHAIN, [run("c"), run("b"), run("a")])

    assert list(runs.top) == ["a", "b", "c"]
    assert list(runs.before("b").top) == ["a"]


def test_a_task_that_was_not_come_to_is_refused_with_those_that_were():
    with pytest.raises(InvalidError, match=r"did not come to task 'd' \(it came to a, b\)"):
        runs_of(CHAIN, [run("b"), run("a")]).before("d")
    with pytest.raises(InvalidError, match="no task 'cc' at the top"):
        check_task(CHAIN, "cc")


def test_outputs_are_shaped_anew_each_seeing_those_before():
    runs = runs_of(CHAIN, [run("b", output={}, input={"k": 1}), run("a", output={"n": 5}), run("c")])
    views = earlier_views(state("c"), CHAIN, PROJECT, runs.before("c"))

    assert [view.output for view in views.values()] == [{"twice": 10}, {"sum": 11}]


def test_a_failure_that_was_handled_and_a_task_that_was_skipped_are_seen_as_such():
    definition = workflow(
        {"id": "a", "on_error": {"next": "b"}},
        {"id": "b", "condition": "false", "outputs": {"x": "{{ .output.y }}"}, "on_success": {"next": "c"}},
        {"id": "c"},
    )
    failure = Failure(code="X", message="no")
    done = [run("a", status=Status.FAILED, error=failure), run("b", output={"skipped": True}), run("c")]
    views = earlier_views(state("c"), definition, PROJECT, runs_of(definition, done).before("c"))

    assert (views["a"].status, views["a"].error) == (Status.FAILED, failure)
    assert views["b"].output == {"skipped": True}


def test_a_container_is_seen_with_its_children_as_its_record_has_them():
    inner = {"id": "in", "type": "parallel", "tasks": [{"id": "x"}]}
    definition = workflow(
        {
            "id": "p",
            "type": "parallel",
            "tasks": [{"id": "one"}, {"id": "bad"}, inner],
            "strategy": "best_effort",
            "outputs": {"got": "{{ .children.one.output.shaped }}"},
            "on_success": {"next": "c"},
        },
        {"id": "c"},
    )
    seen = {"one": {"shaped": 1}, "in": {"x": {"output": {"v": 2}}, "output": {"own": 3}}}
    done = [
        run("p", type_=TaskType.PARALLEL, output={"outputs": seen, "progress_info": {}}),
        run("one", parent="run-p", output={"raw": 1}, run_id="attempt-1"),
        run("one", parent="run-p", output={"raw": 2}, run_id="attempt-2"),
        run("bad", parent="run-p", status=Status.FAILED),
        run("in", parent="run-p", type_=TaskType.PARALLEL, output={"outputs": {"x": {"v": 2}}, "progress_info": {}}),
        run("x", parent="run-in", output={"raw": 2}),
        run("c"),
    ]
    [view] = earlier_views(state("c"), definition, PROJECT, runs_of(definition, done).before("c")).values()

    assert view.as_json()["output"] == {
        "one": {"output": {"shaped": 1}},
        "bad": {"output": None},
        "in": {"output": {"x": {"output": {"v": 2}}, "output": {"own": 3}}},
        "output": {"got": 1},
    }
    assert view.children["bad"].status is Status.FAILED
