"""Default < project file < environment < flag, for each setting of the table."""

import pytest

from compozy.config.documents import Document
from compozy.config.json_schemas import project_schema, property_of
from compozy.config.origins import Level
from compozy.config.precedence import trace_origins
from compozy.config.project_file import ProjectFile
from compozy.config.sections import Sections
from compozy.config.table import SETTINGS, Follows
from compozy.config.validation import check_shape

SCHEMA = project_schema()
TEXTS = {
    "duration": ["1m30s", "2h"],
    "duration, or never": ["30d", "never"],
    "size": ["256mb", "1gib"],
    "address of a PostgreSQL database": ["postgres://ada@db/shop", "postgresql://db"],
    "address of a Redis server": ["redis://db", "unix:///run/redis.sock"],
}


def examples_of(setting):
    """Return two values that the setting takes, as YAML has them."""
    schema = property_of(SCHEMA, setting.key)
    wanted = schema["anyOf"][0] if "anyOf" in schema else schema
    if "enum" in wanted:
        return wanted["enum"][:2]
    title = wanted.get("title") or wanted.get("$ref", "").rpartition("/")[-1]
    if title in TEXTS:
        return TEXTS[title]
    if "integer" in wanted["type"]:
        return [wanted["minimum"], wanted["minimum"] + 7]
    if "boolean" in wanted["type"]:
        return [False, True]
    return ["one:1", "two:2"] if setting.key == "temporal.host_port" else ["one", "two"]


def as_text(value):
    """Return the value as a variable has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def document_with(setting, value):
    """Return a project file that says this one thing."""
    *sections, name = setting.key.split(".")
    data = {name: value}
    for section in reversed(sections):
        data = {section: data}
    return Document(file="test.yaml", data={"name": "test", **data}, marks={})


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_each_source_overrules_the_one_before_it(setting):
    first, second = examples_of(setting)
    document = document_with(setting, first)
    file, problems = check_shape(document, ProjectFile)
    assert problems == []

    in_file, _ = trace_origins(document, file, environ={}, flags={})
    in_env, _ = trace_origins(document, file, environ={setting.env: as_text(second)}, flags={})
    by_flag, _ = trace_origins(document, file, environ={setting.env: as_text(second)}, flags={setting.key: first})

    origins = [origins[setting.key] for origins in (in_file, in_env, by_flag)]
    assert [origin.level for origin in origins] == [Level.FILE, Level.ENVIRONMENT, Level.FLAG]
    assert origins[0].value == origins[2].value != origins[1].value
    assert [each.level for each in origins[2].overruled] == [Level.ENVIRONMENT, Level.FILE, Level.DEFAULT]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_the_environment_and_the_file_agree_on_what_a_value_means(setting):
    for value in examples_of(setting):
        file, problems = check_shape(document_with(setting, value), ProjectFile)
        assert problems == []

        in_file, _ = trace_origins(document_with(setting, value), file, environ={}, flags={})
        in_env, _ = trace_origins(
            document_with(setting, None), Sections(), environ={setting.env: as_text(value)}, flags={}
        )

        assert in_file[setting.key].value == in_env[setting.key].value
        assert type(in_file[setting.key].value) is type(in_env[setting.key].value)


def test_a_default_is_what_the_table_says():
    origins, _ = trace_origins(Document(file="test.yaml", data={}, marks={}), Sections(), environ={}, flags={})

    own = [setting for setting in SETTINGS if not isinstance(setting.default, Follows)]
    assert {setting.key: origins[setting.key].value for setting in own} == {
        setting.key: setting.default for setting in own
    }
    assert {origin.level for origin in origins.values()} == {Level.DEFAULT}


def test_a_wrong_variable_is_a_problem_although_a_flag_overrules_it():
    origins, problems = trace_origins(
        Document(file="test.yaml", data={}, marks={}),
        Sections(),
        environ={"SERVER_PORT": "x"},
        flags={"server.port": 1},
    )

    assert origins == {}
    assert [str(problem) for problem in problems] == [
        "server.port: must be a whole number, not 'x' (set by environment SERVER_PORT)"
    ]
