"""One trace per execution, from the request through the execution to the runs of its tools."""

import pytest

pytestmark = pytest.mark.slow


def test_spans_of_an_execution_are_one_trace_and_nest(seen):
    execution = seen.span("execution talk")
    tasks = [seen.span(f"task {name}") for name in ("first", "second", "left", "right")]
    [request] = [span for span in seen.spans if span.context.span_id == execution.parent.span_id]

    assert request.name == "POST /api/v0/workflows/<workflow_id>/executions/sync"
    assert request.attributes["http.response.status_code"] == 200
    assert f"{request.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert {task.parent.span_id for task in tasks} == {execution.context.span_id}
    assert {f"{span.context.trace_id:032x}" for span in (request, execution, *tasks)} == {
        "4bf92f3577b34da6a3ce929d0e0e4736"
    }


def test_spans_say_what_they_are_about_and_how_it_ended(seen):
    task, execution = seen.span("task breaks"), seen.span("execution broken")

    assert task.attributes["compozy.exec_id"] == execution.attributes["compozy.exec_id"] == seen.broken
    assert (task.attributes["compozy.tool_id"], task.attributes["compozy.attempt"]) == ("fail", 1)
    assert execution.attributes["compozy.status"] == "FAILED"
    assert "it broke" in task.status.description
    assert "it broke" in execution.status.description


def test_an_execution_lasts_as_long_as_all_its_tasks(seen):
    execution = seen.span("execution talk")
    tasks = [seen.span(f"task {name}") for name in ("first", "second", "left", "right")]

    assert execution.start_time <= min(task.start_time for task in tasks)
    assert execution.end_time >= max(task.end_time for task in tasks)


def test_requests_of_probes_and_prometheus_are_not_traced(seen):
    requests = [span.name for span in seen.spans if not span.name.startswith(("task ", "execution "))]

    assert requests == ["POST /api/v0/workflows/<workflow_id>/executions/sync"] * 2
