"""Executions as tables, and what events carry as arguments."""

import io
from datetime import UTC, datetime

import click
import pytest
from rich.console import Console

from compozy.cli.identifiers import checked_id
from compozy.cli.payloads import parse_payload
from compozy.cli.running.answers import view_of_wire
from compozy.cli.steering import Query, execution_view, page_view, show_page

BEGAN = "2026-01-01T00:00:00.000000Z"
ROW = {
    "exec_id": "E1",
    "workflow_id": "greet",
    "status": "FAILED",
    "error": {"code": "X", "message": "no", "details": {}},
    "created_at": BEGAN,
    "updated_at": "2026-01-01T00:00:02.000000Z",
}
TASK = {
    "task_exec_id": "T1",
    "task_id": "approve",
    "type": "wait",
    "parent_id": None,
    "status": "WAITING",
    "attempt": 1,
    "awaits": "approved",
    "input": {},
    "output": None,
    "error": None,
    "created_at": BEGAN,
    "updated_at": BEGAN,
}


def clock():
    return datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)


def lines(view):
    return shown(lambda console: console.print(view), width=100)


def shown(show, *, width):
    """Return the lines that are printed on a terminal of this width."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_page_has_a_row_for_each_execution_and_the_way_to_the_next_page():
    page = {"executions": [ROW, ROW | {"exec_id": "E2", "status": "DANCING", "error": None}], "next_cursor": "abc"}

    assert [line.split() for line in shown(lambda console: show_page(console, page, clock=clock), width=100)] == [
        ["execution", "workflow", "status", "started", "error"],
        ["E1", "greet", "FAILED", "10.00", "s", "ago", "no"],
        ["E2", "greet", "DANCING", "10.00", "s", "ago"],
        ["more:", "--cursor", "abc"],
    ]


def test_a_long_error_takes_nothing_from_the_other_columns_and_a_cursor_is_in_one_piece():
    error = {"code": "X", "message": f"it {'went wrong ' * 30}\nand more", "details": {}}
    row = ROW | {"exec_id": "01JDQ3T9Q5R5S6T7V8W9X0Y1Z2", "error": error}
    page = {"executions": [row], "next_cursor": "c" * 90}

    heading, entry, following = shown(lambda console: show_page(console, page, clock=clock), width=80)

    assert heading.split() == ["execution", "workflow", "status", "started", "error"]
    seen = ["01JDQ3T9Q5R5S6T7V8W9X0Y1Z2", "greet", "FAILED", "10.00", "s", "ago", "it", "went", "wrong"]
    assert entry.split()[: len(seen)] == seen
    assert len(entry) <= 80
    assert following == f"more: --cursor {'c' * 90}"


def test_a_page_without_executions_says_so():
    assert lines(page_view({"executions": [], "next_cursor": None}, clock=clock)) == ["no executions"]


def test_an_execution_is_shown_with_its_tasks_and_what_they_wait_for():
    wire = ROW | {"status": "PAUSED", "error": None, "input": {}, "parent_exec_id": "E0", "tasks": [TASK]}
    shown = lines(execution_view(view_of_wire(wire), wire, clock=clock))

    assert [line.split() for line in shown] == [
        ["execution", "E1"],
        ["workflow", "greet"],
        ["status", "PAUSED"],
        ["started", "10.00", "s", "ago"],
        ["took", "10.00", "s"],
        ["parent", "E0"],
        [],
        ["task", "status", "took"],
        ["approve", "WAITING", "10.00", "s", "for", "approved"],
    ]


def test_an_execution_that_has_ended_is_shown_with_its_output_or_its_error():
    ended = ROW | {"status": "SUCCESS", "error": None, "input": {}, "output": {"text": "[red]"}, "tasks": []}
    failed = ROW | {"input": {}, "output": None}

    assert lines(execution_view(view_of_wire(ended), ended, clock=clock))[-4:] == [
        "",
        "output  {",
        '          "text": "[red]"',
        "        }",
    ]
    assert "error      no" in lines(execution_view(view_of_wire(failed), failed, clock=clock))


def test_only_what_is_asked_is_in_a_query():
    assert Query().parameters() == {"status": [], "limit": 50}
    asked = Query(workflow="w", statuses=["FAILED"], parent="P", limit=1, cursor="c")
    assert asked.parameters() == {
        "workflow_id": "w",
        "status": ["FAILED"],
        "parent_exec_id": "P",
        "limit": 1,
        "cursor": "c",
    }


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [("by", "has no '='"), ("{by: 1}", "is not JSON"), (" {", "is not JSON"), ("=1", "an empty name")],
)
def test_what_is_no_payload_is_refused(argument, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_payload([argument])


@pytest.mark.parametrize(("text", "complaint"), [("[1]", "is JSON, but no object"), ("{", "is not JSON")])
def test_a_file_that_holds_no_object_is_refused(invoke, tmp_path, text, complaint):
    file = tmp_path / "payload.json"
    file.write_text(text)
    result = invoke("events", "send", "paid", "--payload-file", file)

    assert result.exit_code == 2
    assert complaint in result.stderr


@pytest.mark.parametrize("odd", ["..", "", "a b", "a?b", "é", "x" * 101])
def test_what_is_no_name_or_no_single_part_of_a_path_cannot_be_an_id(odd):
    with pytest.raises(click.BadParameter):
        checked_id(odd, "an execution")


@pytest.mark.parametrize(
    ("command", "noun"),
    [
        (["executions", "show"], "an execution"),
        (["executions", "watch"], "an execution"),
        (["executions", "cancel"], "an execution"),
        (["executions", "list", "--parent"], "an execution"),
        (["schedules", "run"], "a workflow"),
        (["run", "--server", "127.0.0.1:1"], "a workflow"),
    ],
)
def test_what_cannot_be_an_id_is_refused_by_its_name_without_asking_a_server(invoke, command, noun):
    result = invoke(*command, "a/b")

    assert result.exit_code == 2
    assert f"'a/b' is not the id of {noun}" in result.stderr


@pytest.mark.parametrize("command", [["events", "send", "paid"], ["executions", "list"], ["executions", "show", "E"]])
def test_a_server_that_is_not_there_is_named_with_the_way_out(invoke, command):
    result = invoke(*command, "--server", "127.0.0.1:1")

    assert result.exit_code == 3
    assert "no server answers at http://127.0.0.1:1; start one with `compozy serve`" in result.stderr
