"""``compozy validate``."""

import json
from pathlib import Path

import pytest

LANGUAGE = Path(__file__).parents[2] / "data" / "language"


def test_a_project_in_order_is_counted(invoke):
    result = invoke("validate", "-c", LANGUAGE, "-o", "json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["valid"], found["problems"], found["project"], found["runtime"]) == (True, [], "every-key", "python")
    assert found["workflows"]["shop"] == {
        "tasks": 18,
        "tools": 5,
        "agents": 4,
        "triggers": 2,
        "schedule": "0 0 9 * * MON-FRI",
    }


def test_people_get_a_row_for_each_workflow(invoke):
    result = invoke("validate", "-c", LANGUAGE, "-o", "table")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines] == ["workflow", "nested", "shop", "ok:"]
    assert lines[-1] == "ok: 2 workflows, 24 tasks"


def test_problems_are_lines_for_people_and_objects_for_programs(invoke, project):
    (project / "workflows" / "hello.yaml").write_text("id: hello\ntasks:\n  - {id: a, tool: gret}\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    assert (people.exit_code, programs.exit_code) == (2, 2)
    (problem,) = json.loads(programs.stdout)["problems"]
    assert (problem["line"], problem["key"], problem["message"]) == (3, "tasks[0].tool", "there is no tool 'gret'")
    assert people.stdout == ""
    assert people.stderr.startswith(f"error: {problem['file']}:3: tasks[0].tool: there is no tool 'gret' (")


def test_files_that_were_left_out_are_warnings(invoke, project):
    with (project / "compozy.yaml").open("a") as file:
        file.write("\nautoload: {enabled: true, strict: false, include: [agents/*.yaml]}\n")
    (project / "agents").mkdir()
    (project / "agents" / "clerk.yaml").write_text("id: [\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    assert (people.exit_code, programs.exit_code) == (0, 0)
    assert people.stderr.startswith("warning: ")
    assert [problem["file"] for problem in json.loads(programs.stdout)["warnings"]] == [
        str(project / "agents" / "clerk.yaml")
    ]


@pytest.mark.parametrize("format_", ["json", "table"])
def test_a_flag_that_contradicts_is_a_problem_too(invoke, project, format_):
    result = invoke("validate", "-c", project, "--host", "0.0.0.0", "-o", format_)  # noqa: S104 - refused, not bound

    assert result.exit_code == 2
    assert "server.host" in result.output
