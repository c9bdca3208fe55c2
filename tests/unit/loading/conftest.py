"""Projects and workflows from text."""

import textwrap

import pytest

from compozy.config.documents import in_line_order
from compozy.config.validation import check_shape
from compozy.config.workflow_file import WorkflowFile
from compozy.config.yaml_files import parse_yaml
from compozy.engine.loading import load_project
from compozy.engine.loading.workflows import workflow_problems

_PROJECT = "name: test\nworkflows: [{source: '*.wf.yaml'}]\nruntime: {entrypoint: tools.py}\ntools: [{id: do}]\n"


@pytest.fixture
def problems_of():
    """Return a function from the text of a workflow to the lines that its author is shown, all in memory.

    The project gives it the tools ``do`` and ``undo``.
    """

    def check(text):
        document = parse_yaml(textwrap.dedent(text).encode(), file="w.yaml")
        workflow, problems = check_shape(document, WorkflowFile)
        assert problems == []
        return [str(problem) for problem in in_line_order(workflow_problems(document, workflow, {"do", "undo"}))]

    return check


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
def load(folder, write):
    """Return a function that writes files, by name, and loads the project they make."""

    def load_files(files):
        write(files)
        return load_project(folder)

    return load_files
