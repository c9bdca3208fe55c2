"""``compozy workflows``: ``list``, ``show`` and ``run``."""

import json
from pathlib import Path

from compozy.cli.main import cli

LANGUAGE = Path(__file__).parents[2] / "data" / "language"


def test_workflows_are_listed_with_what_starts_them(invoke):
    listed = json.loads(invoke("workflows", "list", "-c", LANGUAGE, "-o", "json").stdout)

    assert listed == [
        {"id": "nested", "version": None, "description": "", "tasks": 6, "started_by": []},
        {
            "id": "shop",
            "version": "1.0.0",
            "description": "Every type of task",
            "tasks": 18,
            "started_by": ["signal order-placed", "webhook orders", "schedule 0 0 9 * * MON-FRI"],
        },
    ]


def test_people_get_a_row_for_each_workflow(invoke, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    lines = invoke("workflows", "list", "-c", LANGUAGE, "-o", "table").stdout.splitlines()

    assert lines[0].split() == ["workflow", "tasks", "started", "by", "description"]
    assert [line.split()[:2] for line in lines[1:]] == [["nested", "6"], ["shop", "18"]]


def test_a_workflow_is_shown_as_the_outline_of_its_tasks(invoke, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    lines = invoke("workflows", "show", "nested", "-c", LANGUAGE, "-o", "table").stdout.splitlines()

    assert [line.rstrip() for line in lines] == [
        "nested",
        "task                  type        does        then",
        "outer                 composite",
        "  each                collection",
        "    row-{{ .index }}  parallel",
        "      left            basic       tool: send",
        "      right           basic       tool: send",
        "  after               aggregate",
    ]


def test_an_outline_says_what_follows_a_task(invoke, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    text = invoke("workflows", "show", "shop", "-c", LANGUAGE, "-o", "table").stdout

    rows = {line.split()[0]: line for line in text.splitlines()}
    assert rows["kind"].rstrip().endswith("gift: wrap, plain: both, default: sorry")
    assert rows["hold"].rstrip().endswith("bill, timeout: sorry")
    assert rows["bill"].rstrip().endswith("final")


def test_programs_get_the_whole_definition(invoke):
    shown = json.loads(invoke("workflows", "show", "shop", "-c", LANGUAGE, "-o", "json").stdout)

    assert shown["tools"]["pack"]["timeout"] == 30.0
    assert [task["id"] for task in shown["tasks"]][:3] == ["weigh-all", "kind", "wrap"]


def test_an_unknown_workflow_is_told(invoke):
    result = invoke("workflows", "show", "nest", "-c", LANGUAGE)

    assert result.exit_code == 2
    assert "did you mean 'nested'?" in result.stderr


def test_a_workflow_is_run_by_the_command_of_that_name():
    assert cli.commands["workflows"].commands["run"].callback is cli.commands["run"].callback
