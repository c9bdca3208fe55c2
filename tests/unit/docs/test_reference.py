"""The reference says what the code says: every key, setting, function, route and code, and no others."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from compozy.api import ApiServices, create_app
from compozy.api.hosts import Misdirected
from compozy.api.problems import KINDS, STILL_RUNNING, STOPPING, kind_of
from compozy.cli.main import cli
from compozy.config import not_yet
from compozy.config.fields import Shape
from compozy.config.project_file import ProjectFile
from compozy.config.table import SETTINGS, Follows
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.definitions import Project
from compozy.domain.durations import format_duration
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
    if isinstance(default, timedelta):
        return f"`{format_duration(default)}`"
    return f"`{str(default).lower()}`" if isinstance(default, bool) else f"`{default}`"


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


def walk(shape, prefix="", above=()):
    """Yield the path of every mapping of a file, and its shape; one that repeats inside itself only once."""
    yield prefix, shape
    for name, field in shape.model_fields.items():
        for inner in shapes_in(field.annotation):
            if inner not in (*above, shape):
                is_list = str(field.annotation).startswith("list") or "list[" in str(field.annotation)
                path = f"{prefix}{field.alias or name}{'[]' if is_list else ''}."
                yield from walk(inner, path, (*above, shape))


def keys_of(shape):
    """Return the path of every key of a file, without the mappings that only hold others."""
    paths = set()
    for prefix, each in walk(shape):
        for name, field in each.model_fields.items():
            inner = list(shapes_in(field.annotation))
            if not inner or "list[" in str(field.annotation):
                paths.add(f"{prefix}{field.alias or name}")
    return paths


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


@pytest.mark.parametrize(("name", "shape"), [("project-file", ProjectFile), ("workflow-file", WorkflowFile)])
def test_every_key_of_a_file_is_in_its_tables(page_of, rows_of, words_in, name, shape):
    page = page_of(name)
    rows = rows_of(page, "key", "type", "default", "what it is") + rows_of(page, "key", "section")

    documented = [key for row in rows for key in words_in(row[0])]
    assert sorted(documented) == sorted(keys_of(shape))


@pytest.mark.parametrize(("name", "shape"), [("project-file", ProjectFile), ("workflow-file", WorkflowFile)])
def test_every_key_that_is_not_supported_yet_is_listed(page_of, words_in, name, shape):
    rows = page_of(name).section("## Not supported yet").rows("where", "keys")
    documented = {where.strip("`"): set(words_in(keys)) for where, keys in rows}

    assert documented == {
        prefix.rstrip(".") or "top level": set(each.not_yet) for prefix, each in walk(shape) if each.not_yet
    }


def test_every_value_that_is_not_supported_yet_is_listed(page_of, words_in):
    rows = [
        row
        for name in ("project-file", "workflow-file")
        for row in page_of(name).section("## Not supported yet").rows("key", "values")
    ]

    assert {key.strip("`"): set(words_in(values)) for key, values in rows} == dict(not_yet.VALUES)


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
