"""``compozy config show`` and ``compozy config validate``."""

import json
from datetime import timedelta

import pytest
import yaml

from compozy.cli.settings import as_yaml, plain
from compozy.config.settings import Origin


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("SERVER_PORT", "COMPOZY_MODE", "LOG_LEVEL", "SERVER_HOST", "DB_URL", "DB_HOST", "DB_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def test_every_setting_is_shown_with_its_value_and_source(invoke, project, monkeypatch):
    monkeypatch.setenv("SERVER_PORT", "5002")

    result = invoke("config", "show", "-c", project)

    shown = json.loads(result.stdout)
    assert result.exit_code == 0
    assert shown["mode"] == {"value": "standalone", "source": f"{project}/compozy.yaml:6"}
    assert shown["server.port"] == {"value": 5002, "source": "environment SERVER_PORT"}
    assert shown["server.host"] == {"value": "127.0.0.1", "source": "default"}
    assert shown["temporal.standalone.start_timeout"] == {"value": "30s", "source": "default"}


@pytest.mark.parametrize("format_", ["json", "yaml", "table"])
def test_no_password_is_shown_in_any_form(invoke, project, monkeypatch, format_):
    monkeypatch.setenv("COLUMNS", "200")  # so that no line of the table is folded
    monkeypatch.setenv("DB_URL", "postgresql://ada:hunter2@db/shop?sslpassword=hunter2")
    with_url = invoke("config", "show", "-c", project, "-o", format_)
    monkeypatch.delenv("DB_URL")
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    with_parts = invoke("config", "show", "-c", project, "-o", format_)

    assert (with_url.exit_code, with_parts.exit_code) == (0, 0)
    assert "ada:********@db" in with_url.stdout
    assert "hunter2" not in with_url.output + with_parts.output


def test_settings_are_shown_whatever_state_the_workflows_are_in(invoke, project):
    (project / "workflows" / "hello.yaml").write_text("id: [")

    assert invoke("config", "show", "-c", project).exit_code == 0


def test_yaml_form_can_be_pasted_into_the_project_file(invoke, project):
    shown = invoke("config", "show", "-c", project, "-o", "yaml").stdout
    (project / "compozy.yaml").write_text("name: pasted\n" + shown)

    checked = invoke("config", "validate", "-c", project)
    again = yaml.safe_load(invoke("config", "show", "-c", project, "-o", "yaml").stdout)

    assert checked.exit_code == 0
    assert again == yaml.safe_load(shown)


def test_table_has_a_row_for_each_setting(invoke, project):
    table = invoke("config", "show", "-c", project, "-o", "table").stdout

    keys = json.loads(invoke("config", "show", "-c", project, "-o", "json").stdout)
    assert [line.split()[0] for line in table.splitlines()[1:] if line[0] != " "] == list(keys)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("server.port", 5001, 5001),
        ("server.allow_public", False, False),
        ("database.password", "hunter2", "********"),
        ("database.password", 1234, "********"),
        ("temporal.standalone.cli_path", None, None),
        ("server.shutdown_timeout", timedelta(seconds=90), "1m30s"),
    ],
)
def test_values_are_plain_and_secrets_hidden(key, value, shown):
    assert plain(Origin(key=key, value=value, source="default")) == shown


def test_yaml_quotes_what_would_read_as_something_else():
    origins = [
        Origin(key="a.b.c", value="yes: #", source="default"),
        Origin(key="a.b.d", value="true", source="x.yaml:1"),
        Origin(key="a.e", value="5001", source="flag --e"),
    ]

    assert yaml.safe_load(as_yaml(origins)) == {"a": {"b": {"c": "yes: #", "d": "true"}, "e": "5001"}}


def test_all_problems_of_all_files_are_told_at_once_and_exit_2(invoke, project):
    (project / "compozy.yaml").write_text("name: x\nmode: sometimes\nworkflows: [{source: workflows/*.yaml}]\n")
    (project / "workflows" / "hello.yaml").write_text(
        "id: hello\ntasks:\n  - {id: a, tool: t, on_success: {next: gone}}\n"
    )

    result = invoke("config", "validate", "-c", project)

    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        f"{project}/compozy.yaml:2",
        f"{project}/workflows/hello.yaml:3",
    ]
    assert "standalone" in lines[0]


def test_children_of_containers_are_counted(invoke, project):
    (project / "workflows" / "hello.yaml").write_text(
        "id: hello\ntasks:\n  - id: a\n    type: parallel\n    tasks:\n      - {id: b, tool: greet}\n"
        "      - {id: c, tool: greet}\n"
    )

    assert invoke("config", "validate", "-c", project).stdout == "ok: 1 workflow, 3 tasks\n"
