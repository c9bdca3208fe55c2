"""What readers are told to do works as it is told."""

import ast
import shutil
import subprocess
import sys

import pytest

from compozy.cli.project import count_tasks
from compozy.cli.scaffolding import write_project
from compozy.engine.loading import load_project


def test_the_project_of_the_quick_start_loads_with_its_tools(guide, tmp_path):
    page = guide("quickstart")
    write_project(tmp_path)
    [python], [workflow] = page.blocks("python"), page.blocks("yaml")
    (tmp_path / "workflows" / "order.yaml").write_text(workflow)

    project = load_project(tmp_path)
    shown = f"ok: {len(project.workflows)} workflows, {count_tasks(project)} tasks"
    functions = {
        node.name for node in ast.parse(python).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert shown in page.text
    assert set(project.workflows["order"].tools) == functions


def test_the_files_that_init_writes_are_those_of_the_quick_start(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = write_project(tmp_path / "my-project")

    shown = [line.removeprefix("wrote ") for line in guide("quickstart").text.splitlines() if line.startswith("wrote ")]
    assert shown == [str(path.relative_to(tmp_path)) for path in written]


@pytest.mark.slow
def test_the_first_example_of_embedding_prints_what_is_shown(guide, root, tmp_path):
    page = guide("how-to/embed")
    shutil.copytree(root / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".compozy", "__pycache__"))

    done = subprocess.run(
        [sys.executable, "-c", page.blocks("python")[0]], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    printed, shown = done.stdout.splitlines(), page.blocks("text")[0].splitlines()
    assert printed[0] == shown[0]
    assert sorted(printed) == sorted(shown)  # tasks that run at once begin in any order
    assert not done.stderr
