"""The JSON Schemas of the files: what they refuse the program refuses, and what they know it knows too."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from compozy.config.json_schemas import project_schema, property_of, workflow_schema
from compozy.config.project_file import ProjectFile
from compozy.config.spellings import DURATION, SIZE
from compozy.config.table import SETTINGS, Follows
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile
from compozy.domain.durations import DURATION_UNITS, parse_duration
from compozy.domain.errors import InvalidError
from compozy.domain.sizes import SIZE_UNITS, parse_size

PROJECT, WORKFLOW = Draft7Validator(project_schema()), Draft7Validator(workflow_schema())
IS_DURATION, IS_SIZE = Draft7Validator(DURATION), Draft7Validator(SIZE)
SHAPES = {PROJECT: ProjectFile, WORKFLOW: WorkflowFile}
UNITS = st.sampled_from([case(unit) for unit in (*DURATION_UNITS, *SIZE_UNITS) for case in (str, str.upper, str.title)])
NUMBERS = st.from_regex(r"[0-9]{0,3}(\.[0-9]{1,3})?", fullmatch=True)
QUANTITIES = st.lists(st.tuples(NUMBERS, UNITS, st.sampled_from(["", " ", ", "])), min_size=1, max_size=3).map(
    lambda parts: "".join(map("".join, parts))
)


@pytest.mark.parametrize("schema", [project_schema(), workflow_schema()], ids=["project", "workflow"])
def test_each_schema_is_one(schema):
    metaschema = Draft7Validator({"$ref": "http://json-schema.org/draft-07/schema#"})

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert list(metaschema.iter_errors(schema)) == []


@pytest.mark.parametrize(
    "text",
    [
        "name: a",
        "name: a\nmode:\nserver:\ntools:",
        "name: a\nlog: {level: INFO, format: Json}\ncache: {fsync: no}",
        "name: a\nserver: {host: localhost, port: 0, shutdown_timeout: 1 minute 30 seconds, allow_public: false}",
        "name: a\nserver: {port: null, shutdown_timeout: null}",
        "name: a\ndatabase: {retention: NEVER, url: 'postgres://ada@db/shop', password: x, pool_size: 0x0a}",
        "name: a\ndatabase: {retention: 30d}\nredis: {url: 'unix:///run/redis.sock', connect_timeout: 1.5S}",
        "name: a\ncache: {max_memory: 1.5 GiB}\nratelimit: {window: 1h30m, limit: 1000000}",
        "name: a\nversion: '1'\nauthor: {name: Ada, email: e, organization: o, url: u}\nruntime: {type: python}",
        "name: a\ntools: [{id: t, description: null, timeout: 5s, with: {a: [1]}, config: {b: null}}]",
        "name: a\nmodels: [{provider: mock, model: m, params: {a: 1}}]\nmemories: [{id: m, persistence: {ttl: 168h}}]",
        "name: a\nautoload: {enabled: true, strict: false, include: ['*.yaml']}\nschemas: [{id: s, type: object}]",
        "name: a\nconfig: {retry_policy: {backoff_coefficient: 2, maximum_attempts: 3}, heartbeat_timeout: 5s}",
        "name: a\nruntime: {type: deno, permissions: [--allow-net], tool_execution_timeout: 180s, isolation: process}",
        "name: a\ntemporal: {mode: standalone, standalone: {bind_ip: '::1', ui_port: 65535, log_level: warn}}",
    ],
)
def test_what_is_right_in_a_project_file_is_right_for_its_schema(document_of, text):
    document = document_of(text)

    assert check_shape(document, ProjectFile)[1] == []
    assert [error.message for error in PROJECT.iter_errors(document.data)] == []


@pytest.mark.parametrize(
    "text",
    [
        "id: w\ntasks: [{id: a, tool: t}]",
        "id: w\nconfig: {input: {type: object}, env: {A: b}}\ntasks: [{id: a, tool: t}]\noutputs: {a: 1}",
        "id: w\ntasks: [{id: a, type: basic, tool: t, timeout: 5s, on_success: {next: b, with: {}}}]",
        "id: w\ntasks: [{id: a, type: parallel, strategy: wait_all, tasks: [{id: b, tool: t}]}]",
        "id: w\ntasks: [{id: a, tool: t, tasks: null, strategy: null, max_workers: null}]",
        "id: w\ntasks: [{id: a, type: parallel, tool: null, tasks: [{id: b, tool: t}], max_workers: 2}]",
        "id: w\ntasks: [{id: a, prompt: p, model_config: llama4:16x17b, tools: [b, {id: c}], memory: [{id: m}]}]",
        "id: w\ntasks: [{id: a, agent: {id: b, actions: [{id: c, prompt: d}]}, action: c}]",
        "id: w\ntasks: [{id: a, type: router, condition: x, routes: {a: b, c: {id: d, tool: t}}}]",
        "id: w\ntasks: [{id: a, type: collection, items: 1..5, task: {id: '{{ .index }}', tool: t}, mode: sequential}]",
        "id: w\ntasks: [{id: a, type: collection, items: null, filter: '', task: {id: '{{ .index }}', tool: t}}]",
        "id: w\ntasks: [{id: a, tool: t, condition: '', sleep: 0s}]",
        "id: w\ntasks: [{id: a, type: wait, wait_for: s, processor: {id: b, tool: t}, timeout: 1h, on_timeout: c}]",
        "id: w\ntasks: [{id: a, type: memory, operation: append, memory_ref: m, key_template: k, payload: {a: 1}}]",
        "id: w\nresource: workflow\nauthor: {name: A}\ntasks: [{id: a, type: signal, signal: {id: s, payload: {}}}]",
        "id: w\ntriggers: [{type: webhook, webhook: {slug: s}}]\ntasks: [{id: a, type: aggregate, outputs: {b: 1}}]",
        "id: w\nschedule: {cron: '@daily', start_at: '2026-01-31T08:00:00Z', jitter: 5s}\ntasks: [{id: a, tool: t}]",
    ],
)
def test_what_is_right_in_a_workflow_is_right_for_its_schema(document_of, text):
    document = document_of(text)

    assert check_shape(document, WorkflowFile)[1] == []
    assert [error.message for error in WORKFLOW.iter_errors(document.data)] == []


@pytest.mark.parametrize(
    "line",
    [
        *("mode: cluster", "mode: [standalone]", "server: 5001", "server: {prot: 1}", 'server: {port: "5001"}'),
        *("server: {port: 65536}", "server: {port: -1}", "server: {port: true}", "server: {allow_public: yes}"),
        *('server: {host: ""}', "server: {shutdown_timeout: 5}", "server: {shutdown_timeout: 5 parsecs}"),
        *("database: {url: 'mysql://h/db'}", "database: {retention: for ever}", "database: {password: 1234}"),
        *("database: {ssl_mode: verify}", "database: {conn_string: x}", "redis: {url: 'http://h'}"),
        *("redis: {mode: embedded}", "redis: {database: -1}", "cache: {fsync: often}", "cache: {max_memory: 256}"),
        *("cache: {max_memory: '1,000mb'}", "ratelimit: {limit: 0}", "ratelimit: {backend: disk}", "log: {level: 1}"),
        *("temporal: {standalone: {log_level: loud}}", "temporal: {standalone: {ui_port: x}}", "webhooks: {}"),
        *("workflows: a.yaml", "workflows: [a.yaml]", "workflows: [{}]", "tools: [{id: a b}]", "tools: [{}]"),
        *("runtime: {type: perl}", "runtime: {entry: a}", "version: 1.0", "author: Ada", "nmae: b"),
    ],
)
def test_what_is_wrong_in_a_project_file_is_refused_by_both(document_of, line):
    document = document_of(f"name: a\n{line}")

    assert check_shape(document, ProjectFile)[1] != []
    assert not PROJECT.is_valid(document.data)


@pytest.mark.parametrize(
    "task",
    [
        *("{}", "{id: a b, tool: t}", "{id: a, tool: 5}", "{id: a, tool: t, x: 1}"),
        *("{id: a, tool: t, with: [1]}", "{id: a, tool: t, on_success: b}", "{id: a, tool: t, on_error: {nxt: b}}"),
        *("{id: a, tool: t, timeout: 5}", "{id: a, tool: t, retries: -1}", "{id: a, tool: t, strategy: rase}"),
        "{id: a, type: parallel, tasks: [{id: b, tool: t}], max_workers: 0}",
        *("{id: a, type: basics, tool: t}", "{id: a, prompt: 5}", "{id: a, tool: t, condition: 5}"),
        *("{id: a, agent: {id: b, tols: []}, prompt: p}", "{id: a, prompt: p, tools: [{idd: b}]}"),
        *("{id: a, type: memory, operation: reed, memory_ref: m, key_template: k}", "{id: a, tool: t, final: yes}"),
        *("{id: a, type: wait, wait_for: ''}", "{id: a, type: signal, signal: {payload: {}}}"),
        *("{id: a, tool: t, config: {retry_policy: {maximum_attempts: 0}}}", "{id: a, tool: t, env: {A: 1}}"),
        "{id: a, type: collection, items: [], item_var: 1a, task: {id: b, tool: t}}",
    ],
)
def test_what_is_wrong_in_a_task_is_refused_by_both(document_of, task):
    document = document_of(f"id: w\ntasks: [{task}]")

    assert check_shape(document, WorkflowFile)[1] != []
    assert not WORKFLOW.is_valid(document.data)


@pytest.mark.parametrize("text", ["id: w", "id: w\ntasks: []", "tasks: [{id: a, tool: t}]"])
def test_a_workflow_without_its_id_or_tasks_is_refused_by_both(document_of, text):
    document = document_of(text)

    assert check_shape(document, WorkflowFile)[1] != []
    assert not WORKFLOW.is_valid(document.data)


@example("1 minute 30 seconds")
@example("1.5h,  .5S ")
@example("2µs 3μs")
@given(QUANTITIES)
def test_a_duration_that_the_program_reads_is_one_for_an_editor(text):
    try:
        parse_duration(text)
    except InvalidError:
        return

    assert IS_DURATION.is_valid(text)


@example("1.5 GiB")
@example(" 256mb ")
@given(QUANTITIES)
def test_a_size_that_the_program_reads_is_one_for_an_editor(text):
    try:
        parse_size(text)
    except InvalidError:
        return

    assert IS_SIZE.is_valid(text)


@pytest.mark.parametrize("text", ["5", "s", "5 parsecs", "5ss", "-5s", "1.s", "30s!", ""])
def test_what_is_no_duration_is_none_for_an_editor_either(text):
    with pytest.raises(InvalidError):
        parse_duration(text)
    assert not IS_DURATION.is_valid(text)


def test_every_setting_has_its_description_variable_and_default(document_of):
    schema = project_schema()
    said = {setting.key: property_of(schema, setting.key) for setting in SETTINGS}

    for setting in SETTINGS:
        assert said[setting.key]["description"].startswith(setting.about)
        assert f"environment {setting.env}" in said[setting.key]["description"]
    assert {key for key, each in said.items() if "default" in each} == {
        setting.key for setting in SETTINGS if setting.default is not None and not isinstance(setting.default, Follows)
    }
    assert said["server.shutdown_timeout"]["default"] == "5s"
    assert "follows mode" in said["database.driver"]["description"]


def test_every_default_is_right_for_its_own_schema():
    schema = project_schema()
    nested = {"name": "a"}
    for setting in SETTINGS:
        *sections, name = setting.key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = property_of(schema, setting.key).get("default")

    assert [error.message for error in PROJECT.iter_errors(nested)] == []


def test_every_key_is_described():
    bare = []

    def look(schema, path):
        for name, each in schema.get("properties", {}).items():
            if "description" not in each and not path.endswith("AuthorSection"):
                bare.append(f"{path}.{name}")

    for schema in (project_schema(), workflow_schema()):
        look(schema, "")
        for name, each in schema["definitions"].items():
            look(each, name)

    assert bare == []
