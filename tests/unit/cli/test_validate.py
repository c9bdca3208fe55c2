"""``compozy validate``."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

LANGUAGE = Path(__file__).parents[2] / "data" / "language"


def test_a_project_in_order_is_counted(invoke):
    result = invoke("validate", "-c", LANGUAGE, "-o", "json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["valid"], found["problems"], found["project"], found["runtime"]) == (True, [], "every-key", "python")
    shop = found["workflows"]["shop"]
    del shop["next_times"]  # it depends on when this is, and on its end
    assert shop == {
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
    assert [line.split()[0] for line in lines] == ["workflow", "nested", "shop", "shop", "ok:"]
    assert lines[-1] == "ok: 2 workflows, 24 tasks"


def test_schedules_are_told_with_the_next_three_times(invoke, project):
    with (project / "workflows" / "hello.yaml").open("a") as file:
        file.write("\nschedule: {cron: '@every 1h'}\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    times = json.loads(programs.stdout)["workflows"]["hello"]["next_times"]
    first, second, third = map(datetime.fromisoformat, times)
    assert datetime.now(UTC) - timedelta(minutes=1) < first
    assert third - second == second - first == timedelta(hours=1)
    assert f"hello is due {', '.join(times)}" in people.stdout


def test_a_schedule_that_is_off_is_not_due(invoke, project):
    with (project / "workflows" / "hello.yaml").open("a") as file:
        file.write("\nschedule: {cron: '@every 1h', enabled: false}\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    assert json.loads(programs.stdout)["workflows"]["hello"]["next_times"] == []
    assert "is due" not in people.stdout


def test_what_will_not_do_what_one_may_expect_is_a_warning_and_no_problem(invoke, project):
    with (project / "workflows" / "hello.yaml").open("a") as file:
        file.write("\ntriggers: [{type: webhook, name: orders}]\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    assert (people.exit_code, programs.exit_code) == (0, 0)
    (warning,) = json.loads(programs.stdout)["warnings"]
    assert (warning["key"], warning["message"]) == (
        "triggers[0]",
        "this version serves no webhooks: 'orders' starts nothing",
    )
    assert (
        people.stderr
        == f"warning: {warning['file']}:{warning['line']}: triggers[0]: {warning['message']} ({warning['hint']})\n"
    )


def test_problems_are_lines_for_people_and_objects_for_programs(invoke, project):
    (project / "workflows" / "hello.yaml").write_text("id: hello\ntasks:\n  - {id: a, tool: gret}\n")

    people = invoke("validate", "-c", project, "-o", "table")
    programs = invoke("validate", "-c", project, "-o", "json")

    assert (people.exit_code, programs.exit_code) == (2, 2)
    (problem,) = json.loads(programs.stdout)["problems"]
    assert (problem["line"], problem["key"], problem["message"]) == (3, "tasks[0].tool", "there is no tool 'gret'")
    assert people.stdout == ""
    assert people.stderr.startswith(f"error: {problem['file']}:3: tasks[0].tool: there is no tool 'gret' (")


def test_programs_get_the_warnings_of_a_project_with_problems_too(invoke, project):
    (project / "workflows" / "hello.yaml").write_text(
        "id: hello\ntasks:\n  - {id: a, tool: gret}\n  - {id: b, prompt: p}\n"
    )

    result = invoke("validate", "-c", project, "-o", "json")

    found = json.loads(result.stdout)
    assert (result.exit_code, found["valid"]) == (2, False)
    assert "tasks[0].tool" in [problem["key"] for problem in found["problems"]]
    assert [warning["key"] for warning in found["warnings"]] == ["tasks[1].id"]


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


@pytest.mark.parametrize(
    ("unreadable", "complaint"),
    [
        ("workflows", "workflows[0].source: 'workflows' cannot be read: too many levels of symbolic links"),
        ("tools.py", "runtime.entrypoint: 'tools.py' cannot be read: too many levels of symbolic links"),
    ],
)
def test_what_cannot_be_read_is_told_as_the_system_says_it(invoke, project, unreadable, complaint):
    (project / unreadable).rename(project / "elsewhere")
    (project / unreadable).symlink_to(unreadable)
    result = invoke("validate", "-c", project, "-o", "table")

    assert result.exit_code == 2
    assert f"{complaint} (see to it that this program may read it)" in result.stderr
    assert "matches no file" not in result.stderr
    assert "there is no file" not in result.stderr


def test_a_folder_of_autoload_that_cannot_be_read_is_not_passed_over(invoke, project):
    with (project / "compozy.yaml").open("a") as file:
        file.write("\nautoload: {enabled: true, include: ['agents/*.yaml']}\n")
    (project / "agents").symlink_to("agents")
    result = invoke("validate", "-c", project, "-o", "table")

    assert result.exit_code == 2
    assert "autoload.include[0]: 'agents' cannot be read: too many levels of symbolic links" in result.stderr


def test_warnings_are_told_after_the_problems(invoke, project, monkeypatch):
    monkeypatch.setenv("COMPOZY_NONSENSE", "1")
    (project / "tools.py").unlink()
    result = invoke("validate", "-c", project, "-o", "table")

    first, *_, last = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (2, "")
    assert first.startswith("error: ")
    assert "there is no file 'tools.py'" in first
    assert last.startswith("warning: ")
    assert "COMPOZY_NONSENSE" in last


@pytest.mark.parametrize("broken", [False, True])
def test_config_validate_prints_the_same_json(invoke, project, broken):
    if broken:
        (project / "tools.py").unlink()
    brief = invoke("config", "validate", "-c", project, "-o", "json")
    whole = invoke("validate", "-c", project, "-o", "json")

    assert brief.exit_code == (2 if broken else 0)
    assert json.loads(brief.stdout) == json.loads(whole.stdout)
    assert json.loads(brief.stdout)["valid"] is not broken
