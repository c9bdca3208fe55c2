"""Files that are read without being named, and what else a project file has to say about files."""

from datetime import timedelta
from pathlib import Path

import pytest

from compozy.config.settings import Mode
from compozy.domain.definitions import RuntimeType, ToolIsolation
from compozy.domain.errors import InvalidError
from compozy.engine.loading import load_project, read_project

PROJECT = """\
    name: a
    workflows: [{source: w.yaml}]
    runtime: {entrypoint: tools.py}
    autoload:
      enabled: true
      include: ["**/*.yaml"]
      exclude: [compozy.yaml, "old/**", "**/*.bak.yaml"]
    models: [{provider: mock, model: m}]
    """
WORKFLOW = "id: w\ntasks: [{id: a, tool: find, on_success: {next: b}}, {id: b, agent: clerk, prompt: p}]\n"
AGENT = "resource: agent\nid: clerk\nmemory: [{id: notes}]\n"
MEMORY = "id: notes\nkey: all\npersistence: {ttl: 168h}\n"


def test_files_are_what_they_say_or_what_their_folder_does(load):
    project = load(
        {
            "compozy.yaml": PROJECT,
            "w.yaml": WORKFLOW,
            "anywhere/clerk.yaml": AGENT,
            "memories/notes.yaml": MEMORY,
            "tools/deep/find.yaml": "id: find\ninput: place\n",
            "schemas/place.yaml": "id: place\ntype: object\n",
            "models/m2.yaml": "provider: mock\nmodel: m2\ndefault: true\n",
            "flows/second.yaml": "resource: workflow\nid: second\ntasks: [{id: a, tool: find}]\n",
        }
    )

    assert list(project.workflows) == ["w", "second"]
    assert project.workflows["w"].tools["find"].input_schema == {"type": "object"}
    assert project.workflows["w"].agents["clerk"].model.model == "m2"
    assert project.workflows["w"].agents["clerk"].memory[0].key == "all"
    assert project.workflows["w"].memories["notes"].ttl == timedelta(hours=168)


def test_files_that_are_left_out_are_not_read(load):
    project = load(
        {
            "compozy.yaml": PROJECT,
            "w.yaml": "id: w\ntasks: [{id: a, tool: find}]\n",
            "tools/find.yaml": "id: find\n",
            "old/tools/find.yaml": "]",
            "tools/find.bak.yaml": "]",
        }
    )

    assert sorted(project.workflows["w"].tools) == ["find"]


def test_without_being_enabled_nothing_is_read(load):
    project = load({"compozy.yaml": "name: a\nautoload: {include: ['*.wf.yaml']}\n", "x.wf.yaml": "]"})

    assert project.workflows == {}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "b.yaml",
            "id: x\n",
            (
                "b.yaml:1: resource: nothing says what the file is "
                "(write for example resource: tool; known: agent, memory, model, schema, tool, workflow)"
            ),
        ),
        (
            "b.yaml",
            "resource: tol\nid: x\n",
            (
                "b.yaml:1: resource: 'tol' is not a kind of file "
                "(did you mean 'tool'? known: agent, memory, model, schema, tool, workflow)"
            ),
        ),
        (
            "tools/b.yaml",
            "id: a b\n",
            (
                "tools/b.yaml:1: id: 'a b' is not an id "
                "(write for example 'a-b'; at most 100 letters, digits, - and _, not beginning with -)"
            ),
        ),
        (
            "agents/b.yaml",
            "id: x\nmodel: n\n",
            "agents/b.yaml:2: model: there is no model 'n' (known: m, mock:m)",
        ),
        (
            "schemas/b.yaml",
            "id: x\ntype: text\n",
            (
                'schemas/b.yaml:2: type: "text" is not a type '
                "(allowed: array, boolean, integer, null, number, object, string)"
            ),
        ),
        (
            "tools/c.yaml",
            "id: find\n",
            "tools/find.yaml:1: id: the tool id 'find' is taken (the other one is at tools/c.yaml:1)",
        ),
        (
            "flows/b.yaml",
            "resource: workflow\nid: w\ntasks: [{id: a, tool: find}]\n",
            "flows/b.yaml:2: id: the workflow id 'w' is taken (the other one is at w.yaml:1)",
        ),
        (
            "tools/b.yaml",
            "id: [x\n",
            (
                "tools/b.yaml:2: not valid YAML: did not find expected ',' or ']' "
                "while parsing a flow sequence that begins in line 1"
            ),
        ),
    ],
    ids=["no kind", "kind", "shape", "reference", "schema", "twice", "workflow twice", "syntax"],
)
def test_each_mistake_in_such_a_file_is_told_at_its_place(folder, write, name, text, message):
    write({"compozy.yaml": PROJECT, "w.yaml": "id: w\ntasks: [{id: a, tool: find}]\n", "tools/find.yaml": "id: find\n"})
    write({"compozy.yaml": PROJECT, name: text})

    with pytest.raises(InvalidError) as caught:
        load_project(Path("compozy.yaml"))

    assert str(caught.value) == message


def test_what_may_be_in_a_file_that_cannot_be_read_is_not_missed(folder, write):
    write({"compozy.yaml": PROJECT, "w.yaml": WORKFLOW, "agents/clerk.yaml": "]", "tools/find.yaml": "id: find\n"})

    with pytest.raises(InvalidError) as caught:
        load_project(Path("compozy.yaml"))

    assert [problem.file for problem in caught.value.problems] == ["agents/clerk.yaml"]


def test_a_project_may_go_on_without_files_that_are_wrong(folder, write):
    lenient = PROJECT.replace("enabled: true", "enabled: true\n      strict: false")
    write({"compozy.yaml": lenient, "w.yaml": "id: w\ntasks: [{id: a, prompt: p}]\n", "agents/clerk.yaml": "]"})

    loaded = read_project(Path(), environ={}, flags={}, default_mode=Mode.STANDALONE)

    assert [problem.file for problem in loaded.warnings] == ["agents/clerk.yaml"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{enabled: true}", "autoload.include: is required (write for example [agents/*.yaml, tools/*.yaml])"),
        (
            "{enabled: true, include: [/etc/*.yaml]}",
            (
                "autoload.include[0]: '/etc/*.yaml' cannot be searched: non-relative patterns are unsupported "
                "(use a pattern relative to the project file)"
            ),
        ),
    ],
)
def test_patterns_are_relative_and_there(write, section, message):
    write({"compozy.yaml": f"name: a\nautoload: {section}\n"})

    with pytest.raises(InvalidError) as caught:
        load_project(Path("compozy.yaml"))

    assert str(caught.value) == f"compozy.yaml:2: {message}"


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ("{entrypoint: tools.py}", RuntimeType.PYTHON),
        ("{entrypoint: ./entry.ts}", RuntimeType.BUN),
        ("{type: node, entrypoint: ./entry.ts}", RuntimeType.NODE),
        ("{type: deno, entrypoint: ./entry.ts, permissions: [--allow-net]}", RuntimeType.DENO),
    ],
)
def test_what_runs_the_tools_is_said_or_told_by_the_entrypoint(load, runtime, expected):
    project = load({"compozy.yaml": f"name: a\nruntime: {runtime}\n", "entry.ts": ""})

    assert project.runtime.type is expected


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        (
            "{type: python, entrypoint: entry.ts}",
            "runtime.type: 'entry.ts' is not Python (use type: deno, bun or node)",
        ),
        ("{type: bun, entrypoint: tools.py}", "runtime.type: bun does not run 'tools.py' (use type: python)"),
        (
            "{type: bun, entrypoint: entry.ts, isolation: process}",
            (
                "runtime.isolation: has no meaning for type: bun, which runs tools in processes of its own "
                "(remove the key)"
            ),
        ),
    ],
)
def test_a_runtime_that_does_not_go_with_its_entrypoint_is_told(write, runtime, message):
    write({"compozy.yaml": f"name: a\nruntime: {runtime}\n", "entry.ts": ""})

    with pytest.raises(InvalidError) as caught:
        load_project(Path("compozy.yaml"))

    assert str(caught.value) == f"compozy.yaml:2: {message}"


@pytest.mark.parametrize("name", ["x" * 300, '"a\\0b"'])
def test_a_name_that_no_file_can_have_is_that_of_none(load, name):
    with pytest.raises(InvalidError) as caught:
        load({"compozy.yaml": f"name: a\nruntime:\n  entrypoint: {name}\n"})

    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "runtime.entrypoint")


def test_built_in_tools_that_are_off_are_none(load):
    project = "name: a\nworkflows: [{source: w.yaml}]\nruntime: {native_tools: {enabled: false}}\n"
    with pytest.raises(InvalidError, match=r"there is no tool 'cp__grep' \(runtime.native_tools.enabled"):
        load({"compozy.yaml": project, "w.yaml": "id: w\ntasks: [{id: a, tool: cp__grep}]\n"})


def test_tools_of_a_project_in_processes_of_their_own_say_so_one_by_one(load):
    project = load(
        {
            "compozy.yaml": """\
                name: a
                workflows: [{source: w.yaml}]
                runtime: {entrypoint: tools.py, isolation: process}
                tools: [{id: do}, {id: near, isolation: none}]
                """,
            "w.yaml": """\
                id: w
                tasks:
                  - {id: a, tool: do, on_success: {next: b}}
                  - {id: b, tool: near, on_success: {next: c}}
                  - {id: c, tool: cp__grep, with: {pattern: a, path: .}}
                """,
        }
    )

    isolation = {tool.id: tool.isolation for tool in project.workflows["w"].tools.values()}
    assert isolation == {"do": ToolIsolation.PROCESS, "near": ToolIsolation.NONE, "cp__grep": ToolIsolation.NONE}
