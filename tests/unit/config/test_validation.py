import pytest

from compozy.config import not_yet
from compozy.config.project_file import ProjectFile
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile


@pytest.fixture
def problems_of(document_of):
    """Return a function from the text of a file to the lines that its author is shown."""

    def check(text, shape=ProjectFile):
        return [str(problem) for problem in check_shape(document_of(text), shape)[1]]

    return check


def test_a_project_file_with_every_key_has_its_shape(document_of):
    document = document_of("""
        name: shop
        version: "1.0"
        description: sells
        author: {name: Ada, email: ada@example.org}
        mode: standalone
        workflows: [{source: "workflows/*.yaml"}]
        tools: [{id: pay, description: pays, timeout: 5s, with: {a: 1}, config: {b: null}}]
        runtime: {type: python, entrypoint: tools.py}
        server: {host: localhost, port: 0, shutdown_timeout: 1m, allow_public: false}
        database: {driver: sqlite, path: a.db, auto_migrate: false, retention: 30d}
        temporal:
          mode: distributed
          host_port: temporal:7233
          namespace: shop
          standalone:
            {cli_path: t, database_file: t.db, frontend_port: 0, bind_ip: "::1", namespace: shop, enable_ui: true,
              ui_port: 0, expose: true, log_level: warn, start_timeout: 9s}
        log: {level: INFO, format: json}
        """)

    file, problems = check_shape(document, ProjectFile)

    assert problems == []
    assert file.tools[0].with_ == {"a": 1}
    assert file.log.level == "info"


def test_a_key_set_to_nothing_is_as_good_as_left_out(document_of):
    file, problems = check_shape(document_of("name: a\nmode:\ntools:\nserver:\n  port:\n"), ProjectFile)

    assert problems == []
    assert (file.mode, file.tools, file.server.port) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mode: cluster", "mode: 'cluster' is not allowed (allowed: standalone, distributed)"),
        ("mode: [standalone]", "mode: a list is not allowed (allowed: standalone, distributed)"),
        (
            "runtime: {entry: a}",
            (
                "runtime.entry: unknown key (did you mean 'entrypoint'? "
                "known: entrypoint, isolation, native_tools, permissions, tool_execution_timeout, type)"
            ),
        ),
        ("version: 1.0", 'version: must be text, not 1.0 (quote it: "1.0")'),
        ("version: true", "version: must be text, not true"),
        ("server: {port: abc}", "server.port: must be a whole number, not 'abc'"),
        ('server: {port: "5001"}', "server.port: must be a whole number, not '5001' (write 5001, without quotes)"),
        ("server: {port: 5001.5}", "server.port: must be a whole number, not 5001.5"),
        ("server: {port: true}", "server.port: must be a whole number, not true"),
        ("server: {port: 65536}", "server.port: 65536 is too large (at most 65535)"),
        ("server: {port: -1}", "server.port: -1 is too small (at least 0)"),
        ("mode: {standalone: true}", "mode: a mapping is not allowed (allowed: standalone, distributed)"),
        (
            'server: {allow_public: "true"}',
            "server.allow_public: must be true or false, not 'true' (write true, without quotes)",
        ),
        (
            'redis: {password: "{{ .env.REDIS_PASSWORD }}"}',
            (
                "redis.password: settings are taken as they are, and this is a template or a variable "
                "(leave the key out and set its environment variable; compozy config explain names it)"
            ),
        ),
        (
            'server: {port: "${PORT}"}',
            (
                "server.port: settings are taken as they are, and this is a template or a variable "
                "(leave the key out and set its environment variable; compozy config explain names it)"
            ),
        ),
        ("server: {allow_public: yes}", "server.allow_public: must be true or false, not 'yes'"),
        ('server: {host: ""}', "server.host: must not be empty"),
        ("server: 5001", "server: must be a mapping, not 5001"),
        (
            "server: {prot: 1}",
            "server.prot: unknown key (did you mean 'port'? known: allow_public, host, port, shutdown_timeout)",
        ),
        (
            "server: {shutdown_timeout: 5}",
            'server.shutdown_timeout: 5 is a number without a unit (write "5s" for seconds)',
        ),
        (
            "server: {shutdown_timeout: 0s}",
            "server.shutdown_timeout: '0s' is no time at all (write for example \"30s\", or leave the key out)",
        ),
        ("workflows: a.yaml", "workflows: must be a list, not 'a.yaml'"),
        ("workflows: [a.yaml]", "workflows[0]: must be a mapping, not 'a.yaml' (write {source: a.yaml})"),
        ("tools: [do]", "tools[0]: must be a mapping, not 'do' (write {id: do})"),
        ("workflows: [{}]", "workflows[0].source: is required"),
        (
            "tools: [{id: a b}]",
            (
                "tools[0].id: 'a b' is not an id "
                "(write for example 'a-b'; at most 100 letters, digits, - and _, not beginning with -)"
            ),
        ),
        ("webhooks: {}", "webhooks: not supported by this version yet (remove the key)"),
        ("mcps: []", "mcps: not supported by this version yet (remove the key)"),
        (
            "runtime: {type: Pyton}",
            "runtime.type: 'Pyton' is not allowed (did you mean 'python'? allowed: python, deno, bun, node)",
        ),
        ("runtime: {type: perl}", "runtime.type: 'perl' is not allowed (allowed: python, deno, bun, node)"),
        (
            "tools: [{id: a, $use: x}]",
            (
                "tools[0].$use: directives are not part of the language "
                "(name what is defined elsewhere by its id, such as `agent: writer`)"
            ),
        ),
        (
            "tools: [{id: a, timeout: 36501d}]",
            "tools[0].timeout: '36501d' is too long (at most 36500d)",
        ),
        ("database: {conn_string: x}", "database.conn_string: not supported by this version yet (remove the key)"),
        (
            "database: {url: 'mysql://u:hunter2@h/db'}",
            (
                "database.url: 'mysql://u:********@h/db' is not the address of a PostgreSQL database "
                "(write postgresql://USER:PASSWORD@HOST:PORT/NAME)"
            ),
        ),
        (
            "database: {url: hunter2}",
            (
                "database.url: this is not the address of a PostgreSQL database "
                "(write postgresql://USER:PASSWORD@HOST:PORT/NAME)"
            ),
        ),
        ("database: {password: 1234}", "database.password: must be text, not '********'"),
        ("database: {port: 0}", "database.port: 0 is too small (at least 1)"),
        ("database: {pool_size: 5000}", "database.pool_size: 5000 is too large (at most 1000)"),
        (
            "database: {ssl_mode: verify}",
            (
                "database.ssl_mode: 'verify' is not allowed "
                "(did you mean 'verify-ca'? allowed: disable, prefer, require, verify-ca, verify-full)"
            ),
        ),
        (
            "database: {retention: for ever}",
            (
                "database.retention: 'for ever' is not a duration "
                '(write for example "500ms", "30s", "1m30s" or "1 minute 30 seconds"; or never)'
            ),
        ),
    ],
)
def test_each_mistake_in_a_project_file_is_told_with_its_place_and_way_out(problems_of, line, message):
    assert problems_of(f"name: a\n{line}\n") == [f"test.yaml:2: {message}"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "type: basics",
            (
                "tasks[0].type: 'basics' is not allowed (did you mean 'basic'? "
                "allowed: basic, router, parallel, collection, aggregate, composite, signal, wait, memory)"
            ),
        ),
        (
            "strategy: rase",
            (
                "tasks[0].strategy: 'rase' is not allowed "
                "(did you mean 'race'? allowed: wait_all, fail_fast, best_effort, race)"
            ),
        ),
        (
            "type: tool",
            (
                "tasks[0].type: 'tool' is not allowed "
                "(a task with tool, agent or prompt is of type: basic, which need not be said)"
            ),
        ),
        ("type: foreach", "tasks[0].type: 'foreach' is not allowed (write type: collection)"),
        (
            "strategy: Best-Effort",
            (
                "tasks[0].strategy: 'Best-Effort' is not allowed "
                "(did you mean 'best_effort'? allowed: wait_all, fail_fast, best_effort, race)"
            ),
        ),
        (
            "mode: sequental",
            "tasks[0].mode: 'sequental' is not allowed (did you mean 'sequential'? allowed: parallel, sequential)",
        ),
        (
            "operation: apend",
            (
                "tasks[0].operation: 'apend' is not allowed "
                "(did you mean 'append'? allowed: read, write, append, delete, flush, health, clear, stats)"
            ),
        ),
        ("signal: {id: go, nme: go}", "tasks[0].signal.nme: unknown key (known: id, payload)"),
        ("attachments: []", "tasks[0].attachments: not supported by this version yet (remove the key)"),
        ("retries: many", "tasks[0].retries: must be a whole number, not 'many'"),
        ("agent: [writer]", "tasks[0].agent: must be a mapping, not a list"),
        (
            "agent: {id: b, knowledge: []}",
            "tasks[0].agent.knowledge: not supported by this version yet (remove the key)",
        ),
        ('model_config: ""', "tasks[0].model_config: must not be empty"),
        (
            "item_var: 1a",
            (
                "tasks[0].item_var: '1a' is not the name of a variable "
                "(at most 100 letters, digits and _, no digit first)"
            ),
        ),
        (
            "config: {retry_policy: {backoff_coefficient: fast}}",
            "tasks[0].config.retry_policy.backoff_coefficient: must be a number, not 'fast'",
        ),
        ("max_workers: 0", "tasks[0].max_workers: 0 is too small (at least 1)"),
        ("on_success: b", "tasks[0].on_success: must be a mapping, not 'b' (write {next: b})"),
        ("signal: go", "tasks[0].signal: must be a mapping, not 'go' (write {id: go})"),
        ("on_error: {nxt: b}", "tasks[0].on_error.nxt: unknown key (did you mean 'next'? known: next, with)"),
        ("with: [1]", "tasks[0].with: must be a mapping, not a list"),
    ],
)
def test_each_mistake_in_a_task_is_told_with_its_place_and_way_out(problems_of, line, message):
    text = f"id: w\ntasks:\n  - id: a\n    {line}\n"

    assert problems_of(text, WorkflowFile) == [f"test.yaml:4: {message}"]


@pytest.mark.parametrize(
    "line",
    [
        "routes: {a: {id: b, tol: c}}",
        "tasks: [{id: b, tol: c}]",
        "task: {id: b, tol: c}",
        "processor: {id: b, tol: c}",
    ],
)
def test_a_misspelt_key_of_a_task_inside_another_is_told_with_the_one_meant(problems_of, line):
    (problem,) = problems_of(f"id: w\ntasks:\n  - id: a\n    {line}\n", WorkflowFile)

    assert "tol: unknown key (did you mean 'tool'?" in problem


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("retrys: 3", "did you mean 'retries'?"),
        ("on_sucess: {next: b}", "did you mean 'on_success'?"),
        ("routs: {}", "did you mean 'routes'? it is a key of router tasks"),
        ("type: router, routs: {}", "did you mean 'routes'?"),
        ("max_worker: 3", "did you mean 'max_workers'? it is a key of parallel and collection tasks"),
        ("name: a", "a task is named by id"),
        ("model: gpt", "the model of a task is under model_config"),
        ("needs: [b]", "nothing waits for others here: name what runs next under on_success: {next: …}"),
        (
            "type: aggregate, colour: red",
            (
                "keys of aggregate tasks: condition, config, env, final, id, input, on_error, on_success, output, "
                "outputs, retries, sleep, timeout, type, with"
            ),
        ),
        (
            "type: router, colour: red",
            (
                "keys of router tasks: condition, config, env, final, id, input, on_error, on_success, output, "
                "outputs, retries, routes, sleep, timeout, type, with"
            ),
        ),
    ],
)
def test_a_key_that_no_task_has_is_told_with_what_was_meant_for_its_type(problems_of, keys, hint):
    (problem,) = problems_of(f"id: w\ntasks:\n  - {{id: a, {keys}}}\n", WorkflowFile)

    key = keys.rpartition(", ")[2].partition(":")[0]
    assert problem == f"test.yaml:3: tasks[0].{key}: unknown key ({hint})"


def test_a_key_of_a_task_of_unknown_type_may_be_that_of_any(problems_of):
    lines = problems_of("id: w\ntasks:\n  - {id: a, type: switch, colour: red}\n", WorkflowFile)

    assert "tasks[0].colour: unknown key (keys of tasks: action, agent, batch, " in lines[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "schedule: {cron: '@daily', start_at: 2026-01-31T08:00:00}",
            (
                "schedule.start_at: '2026-01-31T08:00:00' does not say its offset from UTC "
                '(write for example "2026-01-31T08:00:00Z")'
            ),
        ),
        (
            "schedule: {cron: '@daily', end_at: tomorrow}",
            "schedule.end_at: 'tomorrow' is not an instant (write for example \"2026-01-31T08:00:00Z\")",
        ),
        (
            "schedule: {cron: '@daily', overlap_policy: queue}",
            "schedule.overlap_policy: 'queue' is not allowed (allowed: skip, allow, buffer_one, cancel_other)",
        ),
        (
            "schedule: {cron: '@daily', overlap_policy: buffer}",
            (
                "schedule.overlap_policy: 'buffer' is not allowed "
                "(did you mean 'buffer_one'? allowed: skip, allow, buffer_one, cancel_other)"
            ),
        ),
        ("triggers: [{type: mail}]", "triggers[0].type: 'mail' is not allowed (allowed: signal, webhook)"),
    ],
)
def test_each_mistake_in_what_starts_a_workflow_is_told(problems_of, line, message):
    text = f"id: w\ntasks: [{{id: a, tool: t}}]\n{line}\n"

    assert problems_of(text, WorkflowFile) == [f"test.yaml:3: {message}"]


def test_a_workflow_needs_an_id_and_a_task(problems_of):
    assert problems_of("version: a", WorkflowFile) == [
        "test.yaml:1: id: is required",
        "test.yaml:1: tasks: is required",
    ]
    assert problems_of("id: w\ntasks: []", WorkflowFile) == ["test.yaml:2: tasks: must not be empty"]


def test_all_problems_come_in_the_order_of_the_lines(problems_of):
    lines = problems_of("server: {port: x}\nmcps: []\nmode: a\n")

    assert [line.split(": ")[:2] for line in lines] == [
        ["test.yaml:1", "server.port"],
        ["test.yaml:1", "name"],
        ["test.yaml:2", "mcps"],
        ["test.yaml:3", "mode"],
    ]


def test_a_value_in_a_message_is_cut(problems_of):
    (line,) = problems_of(f"name: a\nserver: {{port: {'x' * 500}}}\n")

    assert len(line) < 120


@pytest.mark.parametrize("shape", [ProjectFile, WorkflowFile])
def test_no_key_is_both_known_and_not_supported_yet(shape):
    known = {field.alias or name for name, field in shape.model_fields.items()}

    assert not known & shape.not_yet
    assert not {"id", "type", "tool"} & not_yet.TASK_KEYS
