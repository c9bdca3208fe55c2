import socket
from datetime import timedelta
from pathlib import Path

import pytest

from compozy.config.settings import Mode
from compozy.domain.definitions import Strategy, TaskType, Transition
from compozy.domain.errors import InvalidError
from compozy.engine.loading import load_project, read_project

REPOSITORY = Path(__file__).parents[3]
WORKFLOW = "id: {id}\ntasks: [{{id: a, tool: do}}]\n"


def test_a_project_is_what_its_files_say(load, folder):
    project = load(
        {
            "compozy.yaml": """\
            name: shop
            version: "2"
            description: sells
            workflows: [{source: flows/*.yaml}]
            runtime: {entrypoint: tools.py}
            tools: [{id: pay, timeout: 5s, config: {currency: EUR}, with: {amount: 1}}, {id: unused}]
            """,
            "flows/order.yaml": """\
            id: order
            version: v1
            description: an order
            config: {input: {type: object}}
            tasks:
              - id: both
                type: parallel
                max_workers: 2
                tasks: [{id: pay, tool: pay, timeout: 1m30s}]
                on_success: {next: done, with: {x: 1}}
                on_error: {}
              - {id: done, tool: pay, with: {amount: 2}, outputs: {y: 1}}
            outputs: {z: 1}
            """,
        }
    )

    assert (project.name, project.version, project.description) == ("shop", "2", "sells")
    assert (project.root, project.runtime.entrypoint) == (str(folder), "tools.py")
    order = project.workflows["order"]
    assert (order.version, order.description, order.input_schema, order.outputs) == (
        "v1", "an order", {"type": "object"}, {"z": 1},
    )  # fmt: skip
    both, done = order.tasks
    assert (both.type, both.strategy, both.max_workers) == (TaskType.PARALLEL, Strategy.WAIT_ALL, 2)
    assert (both.on_success, both.on_error) == (Transition(next="done", with_={"x": 1}), None)
    assert both.tasks[0].timeout == timedelta(seconds=90)
    assert (done.with_, done.outputs) == ({"amount": 2}, {"y": 1})
    assert list(order.tools) == ["pay"]
    assert order.tools["pay"].timeout == timedelta(seconds=5)
    assert (order.tools["pay"].config, order.tools["pay"].with_) == ({"currency": "EUR"}, {"amount": 1})


def test_a_workflows_tool_replaces_the_projects(load):
    project = load(
        {
            "a.wf.yaml": "id: a\ntools: [{id: do, description: mine}]\ntasks: [{id: a, tool: do}]\n",
            "b.wf.yaml": WORKFLOW.format(id="b"),
        }
    )

    assert project.workflows["a"].tools["do"].description == "mine"
    assert project.workflows["b"].tools["do"].description == ""


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ("[{provider: mock, model: a}, {provider: mock, model: b, default: true}]", "b"),
        ("[{provider: mock, model: a}, {provider: mock, model: b}]", "a"),
    ],
)
def test_the_default_model_is_the_one_that_is_marked_else_the_first(load, models, expected):
    project = load(
        {
            "compozy.yaml": f"name: a\nworkflows: [{{source: '*.wf.yaml'}}]\nmodels: {models}\n",
            "a.wf.yaml": "id: a\ntasks: [{id: a, prompt: p}]\n",
        }
    )

    assert project.workflows["a"].tasks[0].ask.model.model == expected


def test_workflows_come_in_the_order_of_the_patterns_then_of_the_names_each_file_once(load):
    project = load(
        {
            "compozy.yaml": """\
                name: a
                workflows: [{source: z.wf.yaml}, {source: '*.wf.yaml'}]
                runtime: {entrypoint: tools.py}
                tools: [{id: do}]
                """,
            **{f"{name}.wf.yaml": WORKFLOW.format(id=name) for name in "bza"},
        }
    )

    assert list(project.workflows) == ["z", "a", "b"]


def test_a_definition_carries_the_variables_that_its_templates_name_and_no_others(load):
    project = load(
        {
            ".env": "CITY=Faro\nREGION=Algarve\nAPI_KEY=hunter2\n",
            "one.wf.yaml": """\
                id: one
                config: {env: {REGION: North}}
                tasks: [{id: a, tool: do, with: {c: "{{ .env.CITY }}"}}]
                """,
            "all.wf.yaml": """\
                id: all
                tasks: [{id: a, tool: do}]
                outputs: {e: "{{ .env | toJson }}"}
                """,
        }
    )

    assert project.env == {"CITY": "Faro", "REGION": "Algarve", "API_KEY": "hunter2"}
    assert project.workflows["one"].env == {"CITY": "Faro", "REGION": "North"}
    assert project.workflows["all"].env == project.env


@pytest.mark.parametrize(
    "task",
    [
        "tool: do, condition: 'env.CITY == \"Faro\"'",
        "type: router, condition: env.CITY, routes: {default: {id: b, tool: do}}",
        "type: collection, items: [1], filter: 'env[\"CITY\"] == item', task: {id: 'b-{{ .index }}', tool: do}",
        "type: wait, wait_for: go, condition: 'env.CITY == signal.payload.city'",
        "type: wait, wait_for: go, processor: {id: b, tool: do, with: {c: '{{ env \"CITY\" }}'}}",
        "type: memory, operation: append, memory_ref: m, key_template: k, payload: '{{ .env.CITY }}'",
        "type: signal, signal: {id: go, payload: {c: '{{ .env.CITY }}'}}",
        "prompt: 'about {{ .env.CITY }}', model_config: {provider: mock, model: m}",
        "tool: do, retries: 1, on_error: {next: b, with: {c: '{{ .env.CITY }}'}}",
    ],
)
def test_a_definition_carries_a_variable_wherever_it_is_named(load, task):
    text = f"id: a\ntasks:\n  - {{id: a, {task}}}\n"
    if "next: b" in task:
        text += "  - {id: b, tool: do}\n"
    project = load(
        {
            ".env": "CITY=Faro\nAPI_KEY=hunter2\n",
            "compozy.yaml": """\
                name: a
                workflows: [{source: a.wf.yaml}]
                runtime: {entrypoint: tools.py}
                tools: [{id: do}]
                memories: [{id: m}]
                """,
            "a.wf.yaml": text,
        }
    )

    assert project.workflows["a"].env == {"CITY": "Faro"}


def test_a_project_without_workflows_and_tools_is_a_project(load):
    project = load({"compozy.yaml": "name: empty\n"})

    assert (project.workflows, project.runtime.entrypoint, project.env) == ({}, None, {})


def test_the_file_or_its_folder_is_named(folder, write):
    write({"a.wf.yaml": WORKFLOW.format(id="a")})

    assert load_project(folder) == load_project(folder / "compozy.yaml")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"compozy.yaml": "name: a\nworkflows:\n  - source: x/*.yaml\n"},
            "compozy.yaml:3: workflows[0].source: 'x/*.yaml' matches no file (it is relative to the project file)",
        ),
        (
            {"compozy.yaml": "name: a\nruntime:\n  entrypoint: tols.py\n"},
            (
                "compozy.yaml:3: runtime.entrypoint: there is no file 'tols.py' "
                "(did you mean 'tools.py'? the path is relative to the project file)"
            ),
        ),
        (
            {"compozy.yaml": "name: a\ntools: [{id: do}]\n"},
            "compozy.yaml:1: runtime.entrypoint: is required where there are tools (name the file that exports them)",
        ),
        (
            {"compozy.yaml": "name: a\nruntime: {entrypoint: tools.py}\ntools:\n  - id: do\n  - id: do\n"},
            "compozy.yaml:5: tools[1].id: the tool id 'do' is taken (the other one is in line 4)",
        ),
        (
            {"a.wf.yaml": WORKFLOW.format(id="same"), "b.wf.yaml": WORKFLOW.format(id="same")},
            "b.wf.yaml:1: id: the workflow id 'same' is taken (the other one is at a.wf.yaml:1)",
        ),
        ({"a.wf.yaml": "id: a\n"}, "a.wf.yaml:1: tasks: is required"),
        ({"a.wf.yaml": ""}, "a.wf.yaml:1: the file is empty"),
        (
            {"a.wf.yaml": WORKFLOW.format(id="a"), ".env": "A=1\nb=2\n"},
            ".env:2: 'b' is not a name (use capital letters, digits and _ only)",
        ),
        (
            {"compozy.yaml": "name: a\nmode: cluster\n"},
            "compozy.yaml:2: mode: 'cluster' is not allowed (allowed: standalone, distributed)",
        ),
    ],
    ids=["pattern", "entrypoint", "no entrypoint", "tool", "workflow", "shape", "empty", "env", "mode"],
)
def test_each_mistake_between_files_is_told_with_its_place_and_way_out(folder, write, files, message):
    write(files)

    with pytest.raises(InvalidError) as caught:
        load_project(Path("compozy.yaml"))
    assert str(caught.value) == message


@pytest.mark.parametrize("pattern", ["/etc/*.yaml", "a**", "\\0"])
def test_a_pattern_that_cannot_be_searched_is_told(load, pattern):
    with pytest.raises(InvalidError) as caught:
        load({"compozy.yaml": f'name: a\nworkflows:\n  - source: "{pattern}"\n'})

    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "workflows[0].source")


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [("workflow/*.yaml", "workflows/*.yaml"), ("workflows/hllo.yaml", "workflows/hello.yaml"), ("x/*.json", None)],
)
def test_a_pattern_that_matches_nothing_is_told_with_the_one_meant(load, pattern, meant):
    with pytest.raises(InvalidError) as caught:
        load(
            {
                "compozy.yaml": f"name: a\nworkflows: [{{source: '{pattern}'}}]\n",
                "workflows/hello.yaml": WORKFLOW.format(id="hello"),
            }
        )

    (problem,) = caught.value.problems
    hint = "it is relative to the project file"
    assert problem.hint == (hint if meant is None else f"did you mean {meant!r}? {hint}")


def test_everything_wrong_is_told_at_once_file_by_file_and_line_by_line(folder, write):
    write(
        {
            "compozy.yaml": "name: a\nworkflows:\n  - source: '*.wf.yaml'\n  - source: none.yaml\nserver: {port: x}\n",
            ".env": "wrong\n",
            "a.wf.yaml": "id: a\ntasks: [{id: a, tool: gone, on_success: {next: b}}]\n",
            "b.wf.yaml": "id: a\nid: b\n",
            "c.wf.yaml": "id: a\ntasks: 5\nmcps: []\n",
        }
    )

    with pytest.raises(InvalidError) as caught:
        read_project(Path(), environ={"LOG_LEVEL": "loud"}, flags={})
    assert [f"{problem.file}:{problem.line} {problem.key}" for problem in caught.value.problems] == [
        "compozy.yaml:4 workflows[1].source",
        "compozy.yaml:5 server.port",
        ".env:1 ",
        "a.wf.yaml:2 tasks[0].tool",
        "a.wf.yaml:2 tasks[0].on_success.next",
        "b.wf.yaml:2 id",
        "c.wf.yaml:2 tasks",
        "c.wf.yaml:3 mcps",
        "None:None log.level",
    ]


def test_a_second_default_model_is_told(load):
    models = "  - {provider: mock, model: a, default: true}\n  - {provider: mock, model: b, default: true}\n"
    with pytest.raises(InvalidError) as caught:
        load({"compozy.yaml": f"name: a\nmodels:\n{models}"})

    (problem,) = caught.value.problems
    assert (problem.line, problem.key, problem.hint) == (4, "models[1].default", "it is in line 3")


@pytest.mark.parametrize("rest", ["tool: gone", "tol: do"], ids=["names", "keys"])
def test_of_very_many_problems_the_first_are_told(load, rest):
    tasks = "".join(f"  - {{id: t{number}, {rest}}}\n" for number in range(1000))
    with pytest.raises(InvalidError) as caught:
        load({"a.wf.yaml": f"id: a\ntasks:\n{tasks}"})

    *told, last = caught.value.problems
    assert len(told) == 200
    assert (last.message, last.hint) == ("there may be more wrong", "these are the first 200 problems of the file")


def test_a_missing_project_file_is_named(folder):
    with pytest.raises(InvalidError) as caught:
        load_project(Path("nowhere"))

    hint = "write one, or name the folder that holds compozy.yaml"
    assert str(caught.value) == f"nowhere: there is no such file ({hint})"


def test_a_schema_on_another_machine_is_never_asked_for(load):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        with pytest.raises(InvalidError, match="leads to nothing in this schema"):
            load({"a.wf.yaml": WORKFLOW.format(id="a") + f"config: {{input: {{$ref: '{url}'}}}}\n"})

        with pytest.raises(BlockingIOError):
            server.accept()


def test_settings_come_with_the_project(folder, write):
    write({"compozy.yaml": "name: a\nserver: {port: 1}\n"})

    loaded = read_project(folder, environ={}, flags={"server.port": 2}, default_mode=Mode.STANDALONE)

    assert loaded.project.name == "a"
    assert loaded.settings.server.port == 2
    assert loaded.settings.state_dir == folder / ".compozy"


@pytest.mark.parametrize("folder", [".", "examples/hello"])
def test_our_own_projects_load(folder):
    loaded = read_project(REPOSITORY / folder, environ={}, flags={})

    greet = loaded.project.workflows["greet"]
    assert loaded.settings.mode is Mode.STANDALONE
    assert [task.id for task in greet.tasks] == ["ask-language", "greet", "embellish"]
    assert sorted(greet.tools) == ["count_letters", "find_language", "greet", "shout"]
