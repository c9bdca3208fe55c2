"""Projects and workflows from text."""

import textwrap
from pathlib import Path

import pytest

from compozy.config.documents import in_line_order
from compozy.config.project_file import ProjectFile
from compozy.config.reading import read_project_file
from compozy.config.settings import Mode
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import parse_yaml
from compozy.domain.definitions import RuntimeDefinition
from compozy.engine.loading import load_project, read_project
from compozy.engine.loading.autoload import autoload
from compozy.engine.loading.declarations import project_declarations
from compozy.engine.loading.resources import built_in_resources
from compozy.engine.loading.workflows import workflow_problems

_TOOLS = "runtime: {entrypoint: tools.py}\ntools: [{id: do}]\n"
_PROJECT = f"name: test\nworkflows: [{{source: '*.wf.yaml'}}]\n{_TOOLS}"

_RESOURCES = """
name: test
tools:
  - {id: do}
  - {id: undo}
  - {id: add, input: sum, with: {b: 1}}
models: [{provider: mock, model: gpt-0.1}]
agents: [{id: writer, actions: [{id: draft, prompt: write}]}]
memories: [{id: chat, key: all}, {id: bare}]
schemas:
  - id: sum
    type: object
    required: [a, b]
    additionalProperties: false
    properties: {a: {type: number}, b: {type: number}, c: {type: number, default: 0}}
"""


def _resources(text):
    document = parse_yaml(textwrap.dedent(text).encode(), file="compozy.yaml")
    file, problems = check_shape(document, ProjectFile)
    assert problems == []
    known = built_in_resources(file, RuntimeDefinition(), is_complete=True)
    return known.with_declarations([project_declarations(document, file)])


@pytest.fixture
def problems_of():
    """Return a function from the text of a workflow to the lines that its author is shown, all in memory.

    Its project has the tools ``do``, ``undo`` and ``add`` (of which the schema ``sum`` says the input), one model, the
    agent ``writer`` with the action ``draft``, and the memories ``chat`` and ``bare``, which has no key. ``project`` is
    the text of another project file.
    """

    def check(text, project=_RESOURCES):
        document = parse_yaml(textwrap.dedent(text).encode(), file="w.yaml")
        workflow, problems = check_shape(document, WorkflowFile)
        assert problems == []
        return [str(problem) for problem in in_line_order(workflow_problems(document, workflow, _resources(project)))]

    return check


@pytest.fixture(scope="session")
def language_resources():
    """Return what the project in ``tests/data/language`` gives to its workflows."""
    read = read_project_file(Path(__file__).parents[2] / "data" / "language")
    loaded = autoload(read.document, read.file.autoload, read.folder, named=[])
    known = built_in_resources(read.file, RuntimeDefinition(), is_complete=True)
    return known.with_declarations([project_declarations(read.document, read.file), *loaded.declared])


@pytest.fixture
def document_of():
    """Return a function that parses indented text as the file ``w.yaml``."""
    return lambda text: parse_yaml(textwrap.dedent(text).encode(), file="w.yaml")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the empty current folder, so that files are shown by their names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    """Return a function that writes files, by name; a project file and its entrypoint are there already."""

    def write_files(files):
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())

    write_files({"compozy.yaml": _PROJECT, "tools.py": ""})
    return write_files


@pytest.fixture
def warnings_of(folder, write):
    """Return a function from the text of a workflow, and more of the project file, to the warnings of the project."""

    def warn(text, project=""):
        write({"w.yaml": text, "compozy.yaml": f"name: test\nworkflows: [{{source: w.yaml}}]\n{_TOOLS}{project}"})
        read = read_project(Path("compozy.yaml"), environ={}, flags={}, default_mode=Mode.STANDALONE)
        return [str(problem) for problem in read.warnings]

    return warn


@pytest.fixture
def load(folder, write):
    """Return a function that writes files, by name, and loads the project they make."""

    def load_files(files):
        write(files)
        return load_project(folder)

    return load_files
