"""The lists of examples name all that are there, and commands that they can run."""

import re

import pytest

from compozy.engine.loading import load_project

_COMMAND = re.compile(r"`[^`]*compozy run ([\w-]+) -c examples/([\w-]+)[^`]*`")


@pytest.fixture
def examples(root):
    return {path.name for path in (root / "examples").iterdir() if (path / "README.md").exists()}


def test_every_example_has_a_line(guide, rows_of, examples):
    rows = rows_of(guide("../examples/README"), "example", "what it shows", "command")

    assert sorted(re.match(r"\[(.+)\]\(\1\)", row[0])[1] for row in rows) == sorted(examples)


@pytest.mark.parametrize("name", ["../README", "../examples/README"])
def test_commands_name_workflows_of_their_examples(guide, root, name):
    commands = _COMMAND.findall(guide(name).text)

    assert len(commands) > 5
    for workflow_id, folder in commands:
        assert workflow_id in load_project(root / "examples" / folder).workflows
