"""``compozy config``: ``show``, ``explain`` and ``validate``."""

import json
from datetime import timedelta

import pytest
import yaml

from compozy.cli.settings import as_yaml, plain
from compozy.config.origins import Origin
from compozy.domain.secrets import Secret


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in (
        "SERVER_PORT",
        "COMPOZY_MODE",
        "LOG_LEVEL",
        "SERVER_HOST",
        "DB_URL",
        "DB_HOST",
        "DB_PASSWORD",
        "REDIS_PASSWORD",
    ):
        monkeypatch.delenv(name, raising=False)


def test_every_setting_is_shown_with_its_value_and_source(invoke, project, monkeypatch):
    monkeypatch.setenv("SERVER_PORT", "5002")

    result = invoke("config", "show", "-c", project)

    shown = json.loads(result.stdout)
    assert result.exit_code == 0
    assert shown["mode"] == {"value": "standalone", "source": f"{project}/compozy.yaml:8"}
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


def test_yaml_form_can_be_pasted_into_the_project_file(invoke, project, monkeypatch):
    for name, value in {"CACHE_MAX_MEMORY": "256mib", "CACHE_FSYNC": "no", "REDIS_HOST": "db"}.items():
        monkeypatch.setenv(name, value)
    shown = invoke("config", "show", "-c", project, "-o", "yaml").stdout
    (project / "compozy.yaml").write_text("name: pasted\n" + shown)

    checked = invoke("config", "validate", "-c", project)
    again = yaml.safe_load(invoke("config", "show", "-c", project, "-o", "yaml").stdout)

    assert checked.exit_code == 0
    assert again == yaml.safe_load(shown)


def test_what_stands_for_a_secret_is_pasted_as_a_comment(invoke, project, monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2")

    shown = invoke("config", "show", "-c", project, "-o", "yaml").stdout

    assert "  # password: '********'  # environment REDIS_PASSWORD" in shown.splitlines()
    assert "password" not in yaml.safe_load(shown)["redis"]


def test_table_has_a_row_for_each_setting(invoke, project):
    table = invoke("config", "show", "-c", project, "-o", "table").stdout

    keys = json.loads(invoke("config", "show", "-c", project, "-o", "json").stdout)
    assert [line.split()[0] for line in table.splitlines()[1:] if line[0] != " "] == list(keys)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("server.port", 5001, 5001),
        ("server.allow_public", False, False),
        ("database.password", Secret("hunter2"), "********"),
        ("database.url", Secret("postgres://ada:hunter2@db", "postgres://ada:…@db"), "postgres://ada:…@db"),
        ("temporal.standalone.cli_path", None, None),
        ("server.shutdown_timeout", timedelta(seconds=90), "1m30s"),
        ("cache.max_memory", 256_000_000, "256mb"),
        ("cache.max_memory", None, None),
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
        f"{project}/workflows/hello.yaml:3",
    ]
    assert "standalone" in lines[0]


def test_children_of_containers_are_counted(invoke, project):
    (project / "workflows" / "hello.yaml").write_text(
        "id: hello\ntasks:\n  - id: a\n    type: parallel\n    tasks:\n      - {id: b, tool: greet}\n"
        "      - {id: c, tool: greet}\n"
    )

    assert invoke("config", "validate", "-c", project).stdout == "ok: 1 workflow, 3 tasks\n"


def test_explanation_has_the_value_the_rule_and_all_sources(invoke, project, monkeypatch):
    monkeypatch.setenv("SERVER_PORT", "5002")

    result = invoke("config", "explain", "server.port", "-c", project, "--port", "5003")

    assert result.exit_code == 0
    [(key, told)] = json.loads(result.stdout).items()
    assert (key, told["value"], told["source"]) == ("server.port", 5003, "flag --port")
    assert (told["rule"], told["kind"]) == ("a flag overrules everything else", "whole number, 0 to 65535")
    assert (told["environment"], told["flag"]) == ("SERVER_PORT", "--port")
    assert [(each["level"], each["says"], each["value"], each["decides"]) for each in told["sources"]] == [
        ("default", True, 5001, False),
        ("project file", False, None, False),
        ("environment", True, 5002, False),
        ("flag", True, 5003, True),
    ]


@pytest.mark.parametrize("format_", ["json", "yaml", "table"])
def test_no_explanation_shows_a_password(invoke, project, monkeypatch, format_):
    (project / "compozy.yaml").write_text("name: a\nmode: standalone\nredis: {password: swordfish}\n")
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2")

    result = invoke("config", "explain", "redis", "-c", project, "-o", format_)

    assert result.exit_code == 0
    assert "********" in result.stdout
    assert "hunter2" not in result.output
    assert "swordfish" not in result.output


def test_explanation_for_people_marks_what_decides(invoke, project, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")

    lines = invoke("config", "explain", "mode", "-c", project, "-o", "table").stdout.splitlines()

    assert lines[0].rstrip() == "mode = standalone"
    [deciding] = [line for line in lines if "decides: the project file overrules the default" in line]
    assert f"{project}/compozy.yaml:8" in deciding
    assert any(line.split() == ["environment", "COMPOZY_MODE", "-"] for line in lines)


def test_section_is_explained_whole(invoke, project):
    told = yaml.safe_load(invoke("config", "explain", "log", "-c", project, "-o", "yaml").stdout)

    assert list(told) == ["log.level", "log.format"]


def test_setting_that_does_not_exist_exits_2_with_what_was_meant(invoke, project):
    result = invoke("config", "explain", "server.prot", "-c", project)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: there is no setting 'server.prot' (did you mean 'server.port'?")


def test_contradiction_is_told_after_the_explanation_of_a_setting_in_it_and_of_no_other(invoke, project):
    public = ["-c", project, "--host", "0.0.0.0"]  # noqa: S104 - refused is the point
    of_it = invoke("config", "explain", "server.host", *public)
    of_another = invoke("config", "explain", "log.level", *public)

    assert json.loads(of_it.stdout)["server.host"]["value"] == "0.0.0.0"  # noqa: S104 - same
    assert of_it.exit_code == 2
    assert "server.host: '0.0.0.0' is reachable from other machines" in of_it.stderr
    assert of_another.exit_code == 0


def test_flags_are_reckoned_with_wherever_settings_are_shown(invoke, project):
    flags = ["--host", "::1", "--port", "1", "--mode", "standalone", "--log-level", "DEBUG", "--log-format", "json"]

    shown = json.loads(invoke("config", "show", "-c", project, *flags).stdout)

    assert {key: each["source"] for key, each in shown.items() if each["source"].startswith("flag")} == {
        "mode": "flag --mode",
        "server.host": "flag --host",
        "server.port": "flag --port",
        "log.level": "flag --log-level",
        "log.format": "flag --log-format",
    }


def test_problems_of_the_environment_and_of_flags_are_told_with_those_of_the_files(invoke, project, monkeypatch):
    monkeypatch.setenv("SERVER_PORT", "x")
    monkeypatch.setenv("REDIS_PORT", "0")
    (project / "workflows" / "hello.yaml").write_text("id: hello\ntasks: []\n")

    lines = invoke("config", "validate", "-c", project, "--port", "1").stderr.splitlines()

    assert lines == [
        f"error: {project}/workflows/hello.yaml:2: tasks: must not be empty",
        "error: server.port: must be a whole number, not 'x' (set by environment SERVER_PORT)",
        "error: redis.port: 0 is too small (set by environment REDIS_PORT; at least 1)",
    ]


def test_variable_that_only_looks_like_a_setting_is_a_warning(invoke, project, monkeypatch):
    monkeypatch.setenv("COMPOZY_SERVER_PORT", "1")

    result = invoke("config", "validate", "-c", project)

    assert (result.exit_code, result.stdout) == (0, "ok: 1 workflow, 2 tasks\n")
    assert result.stderr == "warning: COMPOZY_SERVER_PORT: the variable sets nothing (did you mean 'SERVER_PORT'?)\n"


def test_nothing_is_explained_when_a_source_cannot_be_read(invoke, project, monkeypatch):
    (project / "compozy.yaml").write_text("name: a\nmode: standalone\nserver: {port: x}\n")
    monkeypatch.setenv("SERVER_PORT", "y")

    result = invoke("config", "explain", "mode", "-c", project)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        f"error: {project}/compozy.yaml:3: server.port: must be a whole number, not 'x'",
        "error: server.port: must be a whole number, not 'y' (set by environment SERVER_PORT)",
    ]
