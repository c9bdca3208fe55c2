"""The reference says what the code says: every key, setting, function, route and code, and no others."""

import json
import re
from datetime import UTC, datetime
from typing import get_args

import pytest

from compozy.api import ApiServices, create_app
from compozy.api.hosts import Misdirected
from compozy.api.problems import KINDS, STILL_RUNNING, STOPPING, kind_of
from compozy.cli.main import cli
from compozy.config.fields import Shape
from compozy.config.options_entry import OptionsEntry
from compozy.config.project_file import ProjectFile
from compozy.config.resource_entries import AgentEntry, MemoryEntry, ModelEntry, ToolEntry
from compozy.config.table import SETTINGS, Follows, as_written
from compozy.config.task_entry import TaskEntry
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.definitions import Project
from compozy.telemetry.metrics import Deployment, Metrics
from compozy.templates import Sources, limits, render
from compozy.templates.functions import FUNCTIONS

SOURCES = Sources(
    now=lambda: datetime(2026, 11, 23, 9, 30, tzinfo=UTC), uuid4=lambda: "f3a1c2d4-0000-4000-8000-000000000000"
)


def default_as_written(default):
    """Return a default as the settings page writes it."""
    if default is None:
        return "not set"
    if isinstance(default, Follows):
        return f"follows `{default.key}`"
    return f"`{str(default).lower()}`" if isinstance(default, bool) else f"`{as_written(default)}`"


def flags_of(command):
    """Return every flag that the command, or one inside it, offers."""
    inner = getattr(command, "commands", {}).values()
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*map(flags_of, inner))


def shapes_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for argument in get_args(annotation):
        yield from shapes_in(argument)


SECTIONS = {
    ("project-file", "## Keys"): ProjectFile,
    ("project-file", "## Tools"): ToolEntry,
    ("project-file", "## Models"): ModelEntry,
    ("project-file", "## Agents"): AgentEntry,
    ("project-file", "## Memories"): MemoryEntry,
    ("project-file", "## Options of tasks"): OptionsEntry,
    ("workflow-file", "## Keys"): WorkflowFile,
    ("workflow-file", "## Tasks"): TaskEntry,
}
"""What is told once, under a heading of its own; other shapes are told where their key is."""


def keys_of(shape):
    """Return the path of every key of a shape, as deep as it is told in its section."""
    paths = set()
    for name, field in shape.model_fields.items():
        if shape not in SECTIONS.values() and name in OptionsEntry.model_fields:
            continue  # config, whose options are told together
        key = field.alias or name
        inner = [each for each in shapes_in(field.annotation) if each not in SECTIONS.values()]
        if not inner:
            paths.add(key)
        for each in inner:
            is_list = "list[" in str(field.annotation)
            paths |= {f"{key}{'[]' if is_list else ''}.{below}" for below in keys_of(each)}
            paths |= {key} if is_list else set()
    return paths


def not_yet_in(shape, prefix=""):
    """Yield each mapping of a section with the keys of the language that it refuses."""
    if shape.not_yet:
        yield prefix.removesuffix("."), shape.not_yet
    for name, field in shape.model_fields.items():
        for each in shapes_in(field.annotation):
            if each not in SECTIONS.values():
                is_list = "list[" in str(field.annotation)
                yield from not_yet_in(each, f"{prefix}{field.alias or name}{'[]' if is_list else ''}.")


def test_every_setting_has_its_variable_default_and_flag(page_of, rows_of):
    offered = flags_of(cli)
    expected = [
        [
            f"`{setting.key}`",
            f"`{setting.env}`",
            default_as_written(setting.default),
            f"`{setting.flag}`" if setting.flag in offered else "none",
        ]
        for setting in SETTINGS
    ]

    assert rows_of(page_of("settings"), "setting", "environment", "default", "flag") == expected


def test_every_setting_is_explained(page_of):
    explained = re.findall(r"^`([\w.]+)`\n: ", page_of("settings").text, re.MULTILINE)

    assert explained == [setting.key for setting in SETTINGS]


@pytest.mark.parametrize(("name", "heading"), SECTIONS)
def test_every_key_is_told_under_its_heading(page_of, words_in, name, heading):
    section = page_of(name).section(heading)
    rows = section.rows("key", "type", "default", "what it is") + section.rows("key", "section")

    documented = [key for row in rows for key in words_in(row[0])]
    assert sorted(documented) == sorted(keys_of(SECTIONS[name, heading]))


@pytest.mark.parametrize(("name", "heading"), SECTIONS)
def test_every_key_that_is_not_supported_yet_is_listed(page_of, words_in, name, heading):
    rows = page_of(name).section("## Not supported yet").rows("section", "where", "keys")
    title = heading.removeprefix("## ")
    documented = {where.strip("`"): set(words_in(keys)) for section, where, keys in rows if section == title}

    refused = {where or "its keys": set(keys) for where, keys in not_yet_in(SECTIONS[name, heading])}
    assert documented == refused


def test_every_template_function_is_documented_once(page_of, rows_of, words_in):
    rows = rows_of(page_of("templates"), "function", "gives", "example", "result")

    assert sorted(words_in(row[0])[0] for row in rows) == sorted(FUNCTIONS)


def test_examples_of_template_functions_give_what_is_shown(page_of, rows_of, words_in):
    rows = rows_of(page_of("templates"), "function", "gives", "example", "result")
    shown = {}
    given = {}
    for name, _, example, result in rows:
        [function], [expression] = words_in(name), words_in(example)
        assert function in expression
        shown[expression] = json.loads(result.strip("`"))
        given[expression] = render(f"{{{{ {expression} }}}}", {"env": {"REGION": "eu"}}, sources=SOURCES)

    assert given == shown


def test_examples_of_template_types_become_what_is_shown(page_of, rows_of):
    rows = rows_of(page_of("templates"), "template", "with", "becomes")
    shown = {template: json.loads(result.strip("`")) for template, _, result in rows}
    given = {
        template: render(template.strip("`"), json.loads(scope.strip("`")), sources=SOURCES)
        for template, scope, _ in rows
    }

    assert given == shown
    assert [type(value) for value in given.values()] == [type(value) for value in shown.values()]


def test_every_limit_of_templates_is_listed(page_of):
    rows = page_of("templates").section("## Limits").rows("limit", "value")
    ours = {value for name, value in vars(limits).items() if name.startswith("MAX_")}

    listed = {int(value.replace(",", "")) for _, value in rows if value.replace(",", "").isdigit()}
    assert listed == ours


@pytest.fixture
def app():
    deployment = Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb")
    nothing = object()  # the routes are only listed, never called
    metrics = Metrics(deployment)
    return create_app(
        ApiServices(
            executions=nothing,
            project=Project(name="tests", root="/nowhere"),
            idempotency=nothing,
            metrics=metrics,
            actors=list,
            workers=nothing,
            schedules=nothing,
        )
    )


def test_every_route_has_a_section_and_a_line(page_of, rows_of, words_in, app):
    braces = str.maketrans("<>", "{}")
    routes = sorted(
        f"{method} {rule.rule.translate(braces)}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    )
    page = page_of("http-api")

    assert sorted(re.findall(r"^### `(.+)`$", page.text, re.MULTILINE)) == routes
    assert sorted(words_in(route)[0] for route, _ in rows_of(page, "route", "for")) == routes


def test_every_problem_code_is_listed_with_its_status(page_of, rows_of):
    kinds = {*KINDS.values(), STILL_RUNNING, STOPPING, kind_of(Misdirected())}

    documented = rows_of(page_of("http-api"), "status", "code", "when")
    assert sorted(row[:2] for row in documented) == sorted([str(kind.status.value), f"`{kind.code}`"] for kind in kinds)


def test_every_metric_is_listed(page_of, rows_of, words_in):
    metrics = Metrics(Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb"))
    families = re.findall(r"^# TYPE (compozy_\w+)", metrics.render().decode(), re.MULTILINE)

    documented = [
        name for row in rows_of(page_of("http-api"), "metric", "kind", "further labels") for name in words_in(row[0])
    ]
    assert set(families) <= set(documented)
