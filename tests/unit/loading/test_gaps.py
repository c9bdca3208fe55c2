"""Mistakes of shape: they do not hide the other mistakes, and no other is made up because of them."""

from copy import deepcopy
from pathlib import Path

import attrs
import pytest

from compozy.config.salvaging import check_or_salvage
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import read_yaml
from compozy.domain.errors import InvalidError
from compozy.engine.loading.workflows import workflow_problems

LANGUAGE = Path(__file__).parents[2] / "data" / "language"
JUNK = [[]]
"""Of the wrong kind wherever the language says which kind."""


def places_in(value, path=()):
    """Yield the path of every value inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places_in(inner, (*path, key))


def misspelt(parent, key):
    """Give a key of a mapping another name; what has no name gets junk."""
    if isinstance(parent, dict):
        parent[f"{key}{key[-1]}"] = parent.pop(key)
    else:
        parent[key] = JUNK


def junk(parent, key):
    """Give a key a value of the wrong kind."""
    parent[key] = JUNK


def without(parent, key):
    """Take a key or an item away."""
    del parent[key]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shop", "nested"])
@pytest.mark.parametrize("mistake", [misspelt, junk, without])
def test_a_mistake_of_shape_at_any_place_is_followed_by_no_other(language_resources, name, mistake):
    document = read_yaml(LANGUAGE / "workflows" / f"{name}.yaml", shown_as="w.yaml")
    tried = 0
    for place in list(places_in(document.data)):
        data = deepcopy(document.data)
        parent = data
        for key in place[:-1]:
            parent = parent[key]
        mistake(parent, place[-1])
        left, file, problems = check_or_salvage(attrs.evolve(document, data=data), WorkflowFile)
        if problems and file is not None:
            tried += 1
            more = [str(problem) for problem in workflow_problems(left, file, language_resources)]
            assert more == [], (place, problems)

    assert tried > 5


def told(load, files):
    """Return where something is wrong with a project: files, lines and keys."""
    with pytest.raises(InvalidError) as caught:
        load(files)
    return [f"{Path(problem.file).name}:{problem.line} {problem.key}" for problem in caught.value.problems]


def test_one_task_does_not_hide_what_is_wrong_with_another(load):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, retrys: 2, with: {x: '{{ .wrokflow.id }}'}, on_success: {next: bb}}
          - id: b
            type: paralel
            tasks:
              - {id: c, tool: dont}
          - {id: d, tool: cp__read_file, with: {path: 5}, on_success: {next: e}}
          - {id: e, tool: do, condition: '1 +', final: maybe}
        schedule: {cron: never}
        """

    assert told(load, {"a.wf.yaml": text}) == [
        "a.wf.yaml:3 tasks[0].retrys",
        "a.wf.yaml:3 tasks[0].on_success.next",
        "a.wf.yaml:3 tasks[0].with.x",
        "a.wf.yaml:5 tasks[1].type",
        "a.wf.yaml:7 tasks[1].tasks[0].tool",
        "a.wf.yaml:8 tasks[2].with.path",
        "a.wf.yaml:9 tasks[3].final",
        "a.wf.yaml:9 tasks[3].condition",
        "a.wf.yaml:10 schedule.cron",
    ]


def test_the_project_file_does_not_hide_what_is_wrong_with_names(load):
    project = """\
        name: test
        workflows: [{source: '*.wf.yaml'}]
        runtime: {entrypoint: gone.py}
        server: {prot: 1}
        tools: [{id: do, timeout: soon}, {id: more, output: gone}]
        """

    assert told(load, {"compozy.yaml": project, "a.wf.yaml": "id: w\ntasks: [{id: a, tool: dont}]\n"}) == [
        "compozy.yaml:3 runtime.entrypoint",
        "compozy.yaml:4 server.prot",
        "compozy.yaml:5 tools[0].timeout",
        "compozy.yaml:5 tools[1].output",
        "a.wf.yaml:2 tasks[0].tool",
    ]


def test_a_declaration_that_is_lost_leaves_the_names_in_doubt(load):
    project = """\
        name: test
        workflows: [{source: '*.wf.yaml'}]
        runtime: {entrypoint: tools.py}
        tools: [{id: 7}]
        """

    assert told(
        load, {"compozy.yaml": project, "a.wf.yaml": "id: w\ntasks: [{id: a, tool: do, on_error: {next: b}}]\n"}
    ) == [
        "compozy.yaml:4 tools[0].id",
        "a.wf.yaml:2 tasks[0].on_error.next",
    ]


def test_a_file_of_its_own_with_a_mistake_still_has_its_name(load):
    project = """\
        name: test
        workflows: [{source: '*.wf.yaml'}]
        runtime: {entrypoint: tools.py}
        models: [{provider: mock, model: m}]
        autoload: {enabled: true, include: [agents/*.yaml]}
        """
    agent = "id: clerk\nmax_iterations: many\ntools: [gone]\n"
    tasks = """\
        id: w
        tasks:
          - {id: a, agent: clerk, prompt: p, on_success: {next: b}}
          - {id: b, agent: clark, prompt: p}
        """

    assert told(load, {"compozy.yaml": project, "agents/clerk.yaml": agent, "a.wf.yaml": tasks}) == [
        "clerk.yaml:2 max_iterations",
        "clerk.yaml:3 tools[0]",
        "a.wf.yaml:4 tasks[1].agent",
    ]


def test_a_task_that_is_lost_leaves_the_names_of_tasks_in_doubt(load):
    text = """\
        id: w
        tasks:
          - {id: a, tool: do, on_success: {next: b}}
          - {idd: b, tool: do}
          - {id: c, tool: dont, with: {x: '{{ .tasks.b.output }}'}}
        """

    assert told(load, {"a.wf.yaml": text}) == [
        "a.wf.yaml:4 tasks[1].id",
        "a.wf.yaml:4 tasks[1].idd",
        "a.wf.yaml:5 tasks[2].tool",
    ]
