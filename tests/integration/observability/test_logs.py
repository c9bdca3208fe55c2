"""Every line within an execution says which, wherever it is written."""

import pytest

pytestmark = pytest.mark.slow


def of(seen, logger, exec_id):
    return [line for line in seen.lines if line["logger"] == logger and line.get("exec_id") == exec_id]


def test_lines_of_tools_name_execution_workflow_and_task_on_trio_and_on_threads(seen):
    lines = of(seen, "project.tools", seen.talk)

    assert sorted((line["event"], line["workflow_id"], line["task_id"]) for line in lines) == [
        ("talks on Trio", "talk", "first"),
        ("talks on Trio", "talk", "left"),
        ("talks on Trio", "talk", "right"),
        ("talks on a thread", "talk", "second"),
    ]
    assert len({line["task_exec_id"] for line in lines}) == 4
    assert len([line for line in seen.lines if line["logger"] == "project.tools"]) == len(lines)


def test_lines_of_workflow_code_say_so_too_without_the_dictionary_of_the_sdk(seen):
    lines = of(seen, "temporalio.workflow", seen.talk)

    begun = [(line["event"], line.get("task_id")) for line in lines]
    assert begun == [
        ("execution begins", None),
        *(("task begins", name) for name in ("first", "second", "both", "left", "right")),
        ("execution ended", None),
    ]
    assert {line["workflow_id"] for line in lines} == {"talk"}
    assert not [line for line in seen.lines if "temporal_workflow" in line or "'workflow_id'" in line["event"]]


def test_a_replay_adds_no_line_of_the_workflow(seen):
    assert not [line for line in seen.replayed if line["logger"] == "temporalio.workflow"]


def test_a_task_that_does_not_succeed_is_told(seen):
    (line,) = of(seen, "compozy.engine.task_runs", seen.broken)

    assert line["event"] == "task did not succeed"
    assert (line["workflow_id"], line["task_id"], line["code"]) == ("broken", "breaks", "TOOL_FAILED")


def test_lines_of_a_traced_execution_name_its_trace(seen):
    traces = {line["trace_id"] for line in of(seen, "project.tools", seen.talk)}

    assert traces == {"4bf92f3577b34da6a3ce929d0e0e4736"}
